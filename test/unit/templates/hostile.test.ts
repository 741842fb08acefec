/**
 * Names and values that try to end the place they stand in. Scripts are run against a context that writes down what it
 * is called with; SQL is read by the databases' own grammars.
 */
import assert from 'node:assert/strict'
import { stripTypeScriptTypes } from 'node:module'
import { describe, test } from 'node:test'
import { isSlipwayError } from '../../../src/errors.ts'
import { pairSource } from '../../../src/plan/checksum.ts'
import { parseDirectives } from '../../../src/sql/directives.ts'
import { parsePostgres } from '../../../src/sql/postgres.ts'
import { splitSqlite } from '../../../src/sql/sqlite.ts'
import { templates } from '../../../src/templates/registry.ts'
import { renderTemplate, type RenderOptions } from '../../../src/templates/render.ts'

const hostile = [
  "it's",
  'say "no"',
  '`; process.exit(3) //',
  '${process.exit(3)}',
  "'); drop table users; --",
  '"; drop table users; --',
  'a\\',
  "\\' + evil + '",
  '*/ evil /*',
  '-- migrate:down',
  'migrate:up',
  '$$; drop table users; $$',
  '__proto__',
  'naïve 表 🚢',
  'select',
  '</script>',
  '%s $1 ?',
  'x'.repeat(63),
  '表'.repeat(21),
]

/** Wherever a template takes a name or a text, it is given one of these. */
function optionsWith(name: string, text: string): RenderOptions {
  const quoted = `"${text.replaceAll('"', '""')}"`
  const all = {
    blank: {},
    'create-table': {
      table: quoted,
      column: [`${quoted}:text:default=${text}`, `ref:bigint:references=${quoted}.${quoted}`],
      comment: text,
    },
    'add-column': { table: quoted, column: [`${quoted}:text:default=${text}`] },
    'drop-column': { table: quoted, column: [`${quoted}:text`] },
    'rename-column': { table: quoted, column: [`${quoted}:text:default=${text}`], to: text, phase: 'all' },
    'add-index': { table: quoted, column: [quoted], where: `a = ${sqlText(text)}`, constraint: text },
    'add-foreign-key': {
      table: quoted,
      column: [quoted],
      references: `${quoted}.${quoted}`,
      constraint: text,
    },
    'add-check': { table: quoted, check: `a <> ${sqlText(text)}`, constraint: text },
    'add-unique': { table: quoted, column: [quoted], constraint: text },
    'set-not-null': { table: quoted, column: [quoted] },
    'create-enum': { enum: quoted, value: [text, 'b'], table: quoted, column: [quoted] },
    'data-migration': { table: quoted, set: `a = ${sqlText(text)}`, undo: `a = ${sqlText(text)}` },
    backfill: { table: quoted, set: `a = ${sqlText(text)}`, where: `b = ${sqlText(text)}` },
    'recreate-table': {
      table: quoted,
      column: [`${quoted}:text`, 'b:integer:default=0'],
      was: [`${quoted}:text`],
    },
  } satisfies Record<string, RenderOptions>
  assert.ok(name in all, name)
  // The old name and the new one differ.
  if (name === 'rename-column') return { ...all['rename-column'], column: ['old:text'] }
  return all[name as keyof typeof all]
}

const sqlText = (text: string) => `'${text.replaceAll("'", "''")}'`

describe('scripts', () => {
  for (const { name } of templates)
    test(name, async () => {
      const plain = await callsOf(renderTemplate(name, optionsWith(name, 'plain')).files)
      for (const text of hostile) {
        const calls = await callsOf(renderTemplate(name, optionsWith(name, text)).files)
        assert.deepEqual(
          calls.map(([called]) => called),
          plain.map(([called]) => called),
          text,
        )
        for (const [called, [sql]] of calls)
          if (called.startsWith('sql')) assert.equal(await countStatements(called, String(sql)), 1, `${sql}`)
        if (!['blank', 'recreate-table'].includes(name) && name !== 'data-migration')
          assert.ok(
            calls.some(([, values]) => holds(values, text)),
            `${text} arrives as it was given: ${JSON.stringify(calls)}`,
          )
      }
    })
})

describe('SQL', () => {
  for (const { name, sql } of templates)
    for (const dialect of ['postgres', 'sqlite'] as const) {
      if (typeof sql[dialect] !== 'function') continue
      test(`${name} for ${dialect}`, async () => {
        for (const form of ['sql', 'sql-pair'] as const) {
          const read = async (text: string) => {
            const { files } = renderTemplate(name, { ...optionsWith(name, text), form, dialect })
            const [up, down] = files.map((file) => file.text)
            return await kindsOf(form === 'sql' ? (up ?? '') : pairSource(up ?? '', down), dialect)
          }
          const plain = await read('plain')
          for (const text of hostile) assert.deepEqual(await read(text), plain, text)
        }
      })
    }
})

/** First words of the statements of each direction. */
async function kindsOf(text: string, dialect: 'postgres' | 'sqlite'): Promise<(string | undefined)[][]> {
  const { up, down } = parseDirectives(text, dialect)
  const halves = [up, ...(down === undefined ? [] : [down])]
  return Promise.all(
    halves.map(async (half) => {
      const statements = dialect === 'postgres' ? await parsePostgres(half.text) : splitSqlite(half.text)
      return statements.map((statement) => statement.text.split(/\s+/)[0])
    }),
  )
}

async function countStatements(called: string, sql: string): Promise<number> {
  return (called.includes('postgres') ? await parsePostgres(sql) : splitSqlite(sql)).length
}

test('a column called __proto__ is a column', async () => {
  const options = { table: 'a', column: ['__proto__:text', 'b:text'] }
  const calls = await callsOf(renderTemplate('create-table', options).files)
  const [, [, spec] = []] = calls[0] ?? []
  const { columns } = spec as { columns: object }
  assert.deepEqual(Object.keys(columns), ['id', '__proto__', 'b'])
})

interface Script {
  readonly up?: (context: unknown) => unknown
  readonly down?: (context: unknown) => unknown
  readonly options?: { readonly dialects?: readonly string[] }
}

type Call = readonly [name: string, values: readonly unknown[]]

/** Of up and down of every file, on both databases. */
async function callsOf(files: readonly { readonly name: string; readonly text: string }[]): Promise<Call[]> {
  const calls: Call[] = []
  for (const { text } of files) {
    const code = stripTypeScriptTypes(text, { mode: 'strip' })
    const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
    const { up, down, options } = (await import(url)) as Script
    for (const dialect of options?.dialects ?? ['postgres', 'sqlite'])
      for (const direction of [up, down]) await direction?.(recorder(dialect, calls))
  }
  return calls
}

function recorder(dialect: string, calls: Call[]): unknown {
  const record =
    (name: string, answer: unknown = undefined) =>
    async (...values: unknown[]) => {
      calls.push([name, values])
      return answer
    }
  const sql = Object.assign(
    async (strings: readonly string[], ...values: unknown[]) => {
      calls.push([
        `sql for ${dialect}: ${strings.join('?').trim().split(/\s+/)[0]}`,
        [strings.join('?'), ...values],
      ])
      return [{ same: 'id = new.id', name: 'a' }]
    },
    { raw: record('raw'), id: (...names: string[]) => names.join('.') },
  )
  const op = new Proxy({}, { get: (_, name) => record(`op.${String(name)}`) })
  const known: Record<string, unknown> = {
    dialect,
    sql,
    op,
    constraintExists: record('constraintExists', false),
  }
  return new Proxy(known, { get: (target, name) => target[String(name)] ?? record(String(name)) })
}

function holds(value: unknown, text: string): boolean {
  if (value === text) return true
  if (typeof value === 'string')
    return value.includes(text.replaceAll("'", "''")) || value.includes(text.replaceAll('"', '""'))
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, each]) => key === text || holds(each, text))
}

describe('what no file should hold is refused', () => {
  for (const text of [
    'a\nb',
    'a\rb',
    'a\0b',
    'a\u2028b',
    'a\u0085b',
    '\u001b[31m',
    'half \ud800 a letter',
    ' ',
  ])
    test(JSON.stringify(text), () => {
      for (const { name, example } of templates) {
        const [key, value] = Object.entries(example)[0] ?? []
        if (key === undefined) continue
        const options = { ...example, [key]: Array.isArray(value) ? [text] : text }
        assert.throws(
          () => renderTemplate(name, options),
          (error) => isSlipwayError(error) && error.exitCode === 64 && !/[\0\n\r\u2028]/.test(error.message),
          name,
        )
      }
    })
})
