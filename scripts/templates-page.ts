/** docs/templates.md and migrations/*.example, from the templates themselves. */

import { exampleFlags } from '../src/templates/ask.ts'
import { columnAttributes } from '../src/templates/column.ts'
import { flagSynopsisOf } from '../src/templates/flag-synopsis.ts'
import { type ParameterName, parameterNames, parameterSpec } from '../src/templates/parameters.ts'
import { findTemplate, templates } from '../src/templates/registry.ts'
import { renderTemplate } from '../src/templates/render.ts'
import type { Template } from '../src/templates/template.ts'

interface Printer {
  readonly page: (blocks: readonly string[]) => string
  readonly table: (head: readonly string[], rows: readonly (readonly string[])[]) => string
  readonly code: (text: string) => string
  readonly generated: string
}

/** The four that are wanted most often. */
const shown = ['create-table', 'add-column', 'add-index', 'backfill'] as const

export function renderExamples(): [path: string, text: string][] {
  return shown.map((name) => {
    const { text = '' } = renderTemplate(name, exampleOf(name)).files[0] ?? {}
    const command = `slipway new ${name.replaceAll('-', '_')} ${exampleFlags(need(name))}`
    return [`migrations/${name}.ts.example`, `// ${command}\n${text}`]
  })
}

function need(name: string): Template {
  const found = findTemplate(name)
  if (found === undefined) throw new Error(`no template ${name}`)
  return found
}

function exampleOf(name: string) {
  return { ...need(name).example, name }
}

export function renderTemplatesPage({ page, table, code, generated }: Printer): string {
  return page([
    '# Templates',
    generated,
    '`slipway new NAME --template TEMPLATE` writes migrations that change a table while others use it: with the locks, the order and the transactions that this takes. What is written is yours: read it, change it, and run it like any other migration. `slipway templates` lists them, with `--json` for programs.',
    '```sh test\nexport SLIPWAY_DATABASE_URL=sqlite:app.db\nnpx slipway new create_ships --template create-table --table ships --column name:text:not-null --timestamps\nnpx slipway new add_ship_mass --template add-column --table ships --column mass:integer\nnpx slipway templates\nnpx slipway up\n```',
    table(
      ['Template', 'Writes', 'In SQL for'],
      templates.map((template) => [
        `[\`${template.name}\`](#${template.name})`,
        template.summary,
        sqlOf(template),
      ]),
    ),
    '## TypeScript and SQL',
    'Without a flag the file is TypeScript, made of `op` and the helpers, and does for PostgreSQL and SQLite. `--sql` writes one file with `-- migrate:up` and `-- migrate:down`, `--pair` writes `NAME.up.sql` and `NAME.down.sql`. SQL is for one database: the configured one, or `--dialect postgres` or `sqlite`. What a template cannot say in SQL, or for a database, is refused (64) with what to do instead.',
    fenced('add-check', 'typescript', undefined),
    fenced('add-check', 'sql', 'postgres'),
    'What is written with `transaction: false` wants `--allow-data-loss` on the way [back](rolling-back.md#losing-data), as every script outside a transaction does.',
    '## Columns',
    'A column that is there is given by its name; one that is made as `NAME:TYPE`, and what follows after further colons. Repeat `--column` for several. A name in double quotes may hold colons: `\'"a:b":text\'`.',
    table(
      ['After the type', 'Meaning'],
      Object.entries(columnAttributes).map(([attribute, meaning]) => [code(attribute), meaning]),
    ),
    'Types are written as they are given; those that `op` knows mean the same on both databases. `--table` takes `name`, `schema.name`, or `"odd.name"` in double quotes.',
    'Names and values are quoted for the place that they go to, whatever they hold; conditions, assignments and expressions are SQL of yours, one piece each: a semicolon, a comment or a bracket that does not match is refused, and so are line breaks and control characters anywhere, and names over 63 bytes, which PostgreSQL would cut.',
    ...templates.flatMap((template) => [
      `## ${template.name}`,
      `Writes ${template.summary}. ${template.details}`,
      ...(template.required.length + template.optional.length === 0
        ? []
        : [
            table(
              ['Flag', '', 'Meaning'],
              [...template.required, ...template.optional].map((name) => [
                code(flagSynopsisOf(name)),
                template.required.includes(name) ? 'needed' : '',
                parameterSpec(name).doc,
              ]),
            ),
          ]),
      `\`\`\`sh template\nnpx slipway new ${template.name.replaceAll('-', '_')} ${exampleFlags(template)}\n\`\`\``,
    ]),
    "## A project's own templates",
    'A file in `_templates`, in the folder of migrations (`SLIPWAY_TEMPLATES` names another one), is a template by its name: `NAME.ts` or another script, `NAME.sql`, or `NAME.up.sql` with `NAME.down.sql`. One that is called like one of these is taken in its stead; `blank` is what `slipway new` writes without `--template`. In it stand placeholders:',
    table(
      ['Placeholder', 'In', 'Becomes'],
      [
        [
          '`{{table}}`',
          'any file',
          'the value as it is, which has to be a plain word: letters, digits, `_`, and `.` or `-` between them',
        ],
        ['`{{id table}}`', 'SQL', 'a name, quoted where it has to be; `schema.name` is two'],
        ['`{{text owner}}`', 'SQL', "a string, in quotes: `'it''s'`"],
        [
          '`{{string table}}`',
          'scripts',
          "a string, in quotes: `'it\\'s'`; a name in a query is `${sql.id({{string table}})}`",
        ],
      ],
    ),
    `\`{{name}}\` is the new migration's own name. ${listOf(parameterNames, code)} come from the flags of that name, all others from \`--var KEY=VALUE\`. There is nothing else: no conditions, no loops.`,
    ownExample,
    '## From a program',
    '`renderTemplate` gives the same as texts; nothing is read or written. Its keys are the flags in camel case, and those that can be repeated are arrays. It throws errors with exit code 64.',
    libraryExample,
  ])
}

function listOf(names: readonly ParameterName[], code: (text: string) => string): string {
  const keys = names
    .filter((name) => parameterSpec(name).kind === 'text')
    .map((name) => code(`{{${flag(name)}}}`))
  return `${keys.slice(0, -1).join(', ')} and ${keys.at(-1)}`
}

function flag(name: ParameterName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function sqlOf({ sql }: Template): string {
  const names = { postgres: 'PostgreSQL', sqlite: 'SQLite' } as const
  const able = (['postgres', 'sqlite'] as const).filter((dialect) => typeof sql[dialect] === 'function')
  return able.length === 0 ? '–' : able.map((dialect) => names[dialect]).join(', ')
}

function fenced(name: string, form: 'typescript' | 'sql', dialect: 'postgres' | undefined): string {
  const { text = '' } = renderTemplate(name, { ...exampleOf(name), form, dialect }).files[0] ?? {}
  return `\`\`\`${form === 'sql' ? 'sql' : 'ts'}\n${text}\`\`\``
}

const ownExample = `\`\`\`sh test
mkdir -p migrations/_templates
cat > migrations/_templates/audited.sql <<'END'
-- migrate:up
create table {{id table}} (
  id integer primary key,
  owner text not null default {{text owner}}
);

-- migrate:down
drop table {{id table}};
END
npx slipway new create_cranes --template audited --table cranes --var "owner=the harbour's"
npx slipway up
\`\`\``

const libraryExample = `\`\`\`ts
import { renderTemplate } from 'slipway'

const { files } = renderTemplate('add-column', {
  name: 'add user age',
  version: '20260131120000',
  table: 'users',
  column: ['age:integer'],
})
for (const { name, text } of files) console.log(name, text.length)
\`\`\``
