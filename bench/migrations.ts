/** The lists of migrations, made from their number alone, so that every tool gets the same ones. */
import type { Migration } from './tools/tool.ts'

/** Every database begins with it. A migration writes its version there: twice means that it ran twice. */
export const effectsTable = 'create table effects (name text not null)'

/** An everyday mix: tables, columns, indexes, rows; four migrations for each table. */
export function mixedMigrations(count: number): Migration[] {
  return numbered(count, (number) => {
    const table = `thing_${Math.ceil(number / 4)}`
    switch (number % 4) {
      case 1:
        return [
          'create',
          `create table ${table} (\n  id integer generated always as identity primary key,\n  name text not null,\n  created_at timestamptz not null default now()\n)`,
        ]
      case 2:
        return ['add_email', `alter table ${table} add column email text`]
      case 3:
        return ['index_name', `create index ${table}_name on ${table} (name)`]
      default:
        return ['fill', `insert into ${table} (name, email) values ('first', 'first@example.com')`]
    }
  })
}

/** For histories of 10,000: cheap to apply, so that every tool can have applied them itself. */
export function lightMigrations(count: number): Migration[] {
  return numbered(count, (number) => [
    'comment',
    `comment on column effects.name is\n  'The version of a migration that has run; the last one to say so was number ${number}.'`,
  ])
}

function numbered(count: number, make: (number: number) => [slug: string, statement: string]): Migration[] {
  return Array.from({ length: count }, (_, index) => {
    const [slug, statement] = make(index + 1)
    const version = versionOf(index + 1)
    return { version, slug, statements: [statement, `insert into effects (name) values ('${version}')`] }
  })
}

/** One a minute since the first of January 2024. */
function versionOf(number: number): string {
  const at = new Date(Date.UTC(2024, 0, 1) + number * 60_000)
  return at.toISOString().replace(/\D/g, '').slice(0, 14)
}
