import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isSlipwayError } from '../../../src/errors.ts'
import { discoverMigrations } from '../../../src/files/discover.ts'
import { loadMigration } from '../../../src/files/load.ts'
import type { LoadedMigration } from '../../../src/files/loaded.ts'
import { checksumOf } from '../../../src/plan/checksum.ts'
import { defaultOptions } from '../../../src/plan/migration.ts'
import { type ParsedStatement, SqlSyntaxError } from '../../../src/sql/statement.ts'
import { folderOf } from './folder-of.ts'

interface Case {
  readonly what: string
  /** The file 1_a.sql, or several. */
  readonly sql: string | Readonly<Record<string, string>>
  readonly statements?: readonly string[]
  readonly options?: object
  readonly hasDown?: boolean
  readonly notices?: readonly string[]
  /** Code, `line:column` or `file:line:column` if known, parts of the message. */
  readonly refused?: readonly [code: string, at: string | undefined, ...says: string[]]
}

const cases: readonly Case[] = [
  { what: 'plain', sql: 'create a;\ncreate b;\n', statements: ['create a', 'create b'] },
  {
    what: 'CRLF and a byte order mark',
    sql: '\uFEFFcreate a;\r\ncreate b;\r\n',
    statements: ['create a', 'create b'],
  },
  {
    what: 'up and down',
    sql: '-- migrate:up\ncreate a;\n-- migrate:down\ndrop a;\n',
    statements: ['create a'],
    hasDown: true,
  },
  {
    what: 'an empty down section',
    sql: '-- migrate:up\ncreate a;\n-- migrate:down\n\n',
    statements: ['create a'],
  },
  {
    what: 'a pair',
    sql: { '1_a.up.sql': 'create a;', '1_a.down.sql': 'drop a;' },
    statements: ['create a'],
    hasDown: true,
  },
  {
    what: 'a pair with an empty down',
    sql: { '1_a.up.sql': 'create a;', '1_a.down.sql': '\n' },
    statements: ['create a'],
  },
  {
    what: 'a pair with markers of its own',
    sql: {
      '1_a.up.sql': '-- migrate:up transaction:false\nvacuum;',
      '1_a.down.sql': '-- migrate:down\ndrop a;',
    },
    statements: ['vacuum'],
    options: { transaction: false },
    hasDown: true,
  },
  {
    what: 'a folder',
    sql: { '1_a/up.sql': 'create a;', '1_a/down.sql': 'drop a;' },
    statements: ['create a'],
    hasDown: true,
  },

  // options
  {
    what: 'every option',
    sql: '-- migrate:up transaction:false breaking:true resumable:true outOfOrder:true dependsOn:0_x,b dialects:postgres,sqlite ddlLockTimeout:1s statementTimeout:30s\nvacuum;',
    statements: ['vacuum'],
    options: {
      transaction: false,
      breaking: true,
      resumable: true,
      outOfOrder: true,
      dependsOn: ['0_x', 'b'],
      dialects: ['postgres', 'sqlite'],
      ddlLockTimeoutMs: 1000,
      statementTimeoutMs: 30_000,
    },
  },
  {
    what: 'an unknown option',
    sql: '-- migrate:up transactional:false\ncreate a;',
    refused: ['bad-options', undefined, 'no option transactional; did you mean transaction?'],
  },
  {
    what: 'a flag that is neither',
    sql: '-- migrate:up transaction:no\ncreate a;',
    refused: ['bad-options', undefined, 'transaction is "no", not true or false'],
  },
  {
    what: 'a timeout without a unit',
    sql: '-- migrate:up ddlLockTimeout:500\ncreate a;',
    refused: ['bad-options', undefined, 'ddlLockTimeout is "500"'],
  },
  {
    what: 'an unknown dialect',
    sql: '-- migrate:up dialects:mysql\ncreate a;',
    refused: ['bad-options', undefined, 'dialects'],
  },
  {
    what: 'an unknown option of down',
    sql: '-- migrate:up\ncreate a;\n-- migrate:down x:1\ndrop a;',
    refused: ['bad-options', undefined, 'no option x'],
  },

  // markers and syntax
  {
    what: 'down first',
    sql: '\n-- migrate:down\ndrop a;\n-- migrate:up\ncreate a;',
    refused: ['sql-directive', '2:1', '1_a.sql'],
  },
  {
    what: 'two ups',
    sql: '-- migrate:up\ncreate a;\n-- migrate:up\ncreate b;',
    refused: ['sql-directive', undefined, 'second'],
  },
  {
    what: 'a pair with a down in both halves',
    sql: { '1_a.up.sql': '-- migrate:up\ncreate a;\n-- migrate:down\ndrop a;', '1_a.down.sql': 'drop a;' },
    refused: ['sql-directive', undefined, '1_a.up.sql and', '1_a.down.sql', 'second'],
  },
  {
    what: 'a syntax error',
    sql: 'create a;\n  creat b;',
    refused: ['sql-syntax', '2:3', '1_a.sql: syntax error at "creat"'],
  },
  {
    what: 'a syntax error in a section',
    sql: '-- note\n-- migrate:up\ncreate a;\ncreat b;',
    refused: ['sql-syntax', '4:1'],
  },
  {
    what: 'a syntax error in the down section',
    sql: '-- migrate:up\ncreate a;\n-- migrate:down\ndrp a;',
    refused: ['sql-syntax', '4:1'],
  },
  {
    what: 'a syntax error in the down half',
    sql: { '1_a.up.sql': 'create a;', '1_a.down.sql': '-- migrate:down\ndrp a;' },
    refused: ['sql-syntax', '1_a.down.sql:2:1'],
  },
  { what: 'an empty file', sql: '', refused: ['no-up', undefined, '1_a.sql holds no statement'] },
  { what: 'a file of comments', sql: '-- soon\n', refused: ['no-up', undefined] },
  {
    what: 'an empty up section',
    sql: '-- migrate:up\n-- migrate:down\ndrop a;',
    refused: ['no-up', undefined],
  },

  // transactions
  {
    what: 'wrapped whole',
    sql: 'begin;\ncreate a;\ncreate b;\ncommit;',
    statements: ['create a', 'create b'],
    notices: ['unwrapped'],
  },
  {
    what: 'wrapped around nothing',
    sql: 'begin;\ncommit;',
    refused: ['no-up', undefined, 'nothing but begin and commit'],
  },
  {
    what: 'wrapped with a mode',
    sql: 'begin isolation level serializable;\ncreate a;\ncommit;',
    refused: ['transaction-control', '1:1', '"begin isolation level serializable"'],
  },
  {
    what: 'wrapped with rollback',
    sql: 'begin;\ncreate a;\nrollback;',
    refused: ['transaction-control', '1:1'],
  },
  {
    what: 'wrapped in part',
    sql: 'begin;\ncreate a;\ncommit;\ncreate b;',
    refused: ['transaction-control', '1:1'],
  },
  {
    what: 'wrapped twice',
    sql: 'begin;\ncreate a;\ncommit;\nbegin;\ncreate b;\ncommit;',
    refused: ['transaction-control', '1:1'],
  },
  {
    what: 'commit in the middle',
    sql: 'create a;\n  commit;\ncreate b;',
    refused: ['transaction-control', '2:3', '"commit"'],
  },
  { what: 'a savepoint', sql: 'create a;\nsavepoint s;\ncreate b;', refused: ['transaction-control', '2:1'] },
  {
    what: 'what refuses a transaction',
    sql: 'create a;\nvacuum;',
    refused: ['needs-no-transaction', '2:1', '"vacuum" cannot run inside a transaction'],
  },
  {
    what: 'what refuses a transaction, wrapped',
    sql: 'begin;\nvacuum;\ncommit;',
    refused: ['needs-no-transaction', '2:1'],
  },
  {
    what: 'without a transaction',
    sql: '-- migrate:up transaction:false\nvacuum;\ncreate a;',
    statements: ['vacuum', 'create a'],
    options: { transaction: false },
  },
  {
    what: 'without a transaction, groups',
    sql: '-- migrate:up transaction:false\nbegin;\ncreate a;\nsavepoint s;\ncommit;\nvacuum;\nbegin;\ncreate b;\nrollback;',
    statements: ['begin', 'create a', 'savepoint s', 'commit', 'vacuum', 'begin', 'create b', 'rollback'],
    options: { transaction: false },
  },
  {
    what: 'without a transaction, wrapped whole: left as it is',
    sql: '-- migrate:up transaction:false\nbegin;\ncreate a;\ncommit;',
    statements: ['begin', 'create a', 'commit'],
    options: { transaction: false },
  },
  {
    what: 'a group that is not ended',
    sql: '-- migrate:up transaction:false\nbegin;\ncreate a;',
    refused: ['transaction-control', '2:1', 'begin without a commit'],
  },
  {
    what: 'a group chained to nothing',
    sql: '-- migrate:up transaction:false\nbegin;\ncreate a;\ncommit and chain;',
    refused: ['transaction-control', '2:1'],
  },
  {
    what: 'a group in a group',
    sql: '-- migrate:up transaction:false\nbegin;\nbegin;\ncommit;',
    refused: ['transaction-control', '3:1'],
  },
  {
    what: 'a commit without a begin',
    sql: '-- migrate:up transaction:false\ncreate a;\ncommit;',
    refused: ['transaction-control', '3:1', 'no begin'],
  },
  {
    what: 'what refuses a transaction in a group',
    sql: '-- migrate:up transaction:false\nbegin;\nvacuum;\ncommit;',
    refused: ['transaction-control', '3:1', 'move it out'],
  },
]

for (const row of cases) {
  test(`SQL: ${row.what}`, async (t) => {
    const content = typeof row.sql === 'string' ? { '1_a.sql': row.sql } : row.sql
    const run = load(t, content)
    if (row.refused !== undefined) return assertRefused(run, ...row.refused)
    const { file, body, options, hasDown, notices } = await run
    assert.equal(body.kind, 'sql')
    assert.deepEqual(
      body.statements.map(({ text }) => text),
      row.statements,
    )
    for (const { text, offset } of body.statements)
      assert.equal(file.up.text.slice(offset, offset + text.length), text)
    assert.deepEqual(options, { ...defaultOptions, ...row.options })
    assert.equal(hasDown, row.hasDown ?? false)
    assert.deepEqual(
      notices.map(({ code }) => code),
      row.notices ?? [],
    )
    assert.ok(notices.every(({ message }) => message.startsWith('1_a is wrapped')))
  })
}

test('an error of the parser that is no syntax error comes through as it is', async (t) => {
  const boom = new Error('boom')
  const run = load(t, { '1_a.sql': 'create a' }, () => Promise.reject(boom))
  await assert.rejects(run, (error) => error === boom)
})

test('a syntax error without a place names the file, and its hint is kept', async (t) => {
  const run = load(t, { '1_a.sql': 'create a' }, () => {
    throw new SqlSyntaxError('nothing like SQL', undefined, 'write SQL')
  })
  await assert.rejects(run, (error) => {
    assert.ok(isSlipwayError(error))
    assert.deepEqual(error.facts.location, { file: 'm/1_a.sql' })
    assert.equal(error.hint, 'write SQL')
    return true
  })
})

test('the text of a pair as stored loads like the pair', async (t) => {
  const pair = await load(t, { '1_a.up.sql': 'create a;\n', '1_a.down.sql': 'drop a;\n' })
  const stored = await load(t, { '1_a.sql': pair.file.source })
  assert.equal(stored.file.checksum, checksumOf(pair.file.source))
  assert.equal(stored.file.checksum, pair.file.checksum)
  assert.equal(stored.hasDown, true)
  assert.ok(stored.body.kind === 'sql' && pair.body.kind === 'sql')
  assert.deepEqual(
    stored.body.statements.map(({ text }) => text),
    pair.body.statements.map(({ text }) => text),
  )
})

async function load(
  t: TestContext,
  content: Readonly<Record<string, string>>,
  parse = parseSimply,
): Promise<LoadedMigration> {
  const cwd = folderOf(
    t,
    Object.fromEntries(Object.entries(content).map(([path, text]) => [`m/${path}`, text])),
  )
  const { files } = await discoverMigrations(join(cwd, 'm'), { allowEmpty: false, cwd })
  const [file] = files
  assert.ok(file)
  return loadMigration(file, { parse })
}

async function assertRefused(
  run: Promise<unknown>,
  code: string,
  at: string | undefined,
  ...says: string[]
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(isSlipwayError(error), String(error))
    assert.equal(error.code, code, error.message)
    assert.equal(error.exitCode, 66)
    assert.equal(error.facts.migration, '1_a')
    const { file, line, column, excerpt } = error.facts.location ?? {}
    if (at !== undefined) {
      assert.ok(
        `${file}:${line}:${column}`.endsWith(at.includes('sql') ? at : `1_a.sql:${at}`),
        `${line}:${column}`,
      )
      assert.match(excerpt ?? '', /\^/)
    }
    for (const text of says) assert.ok(error.message.includes(text), error.message)
    return true
  })
}

/** Statements end with a semicolon and hold no strings; that is SQL enough for what is tested here. */
async function parseSimply(text: string): Promise<ParsedStatement[]> {
  const code = text.replace(/--.*/g, (comment) => ' '.repeat(comment.length))
  return [...code.matchAll(/[^\s;][^;]*/g)].map((match): ParsedStatement => {
    const statement = match[0].trimEnd()
    const [word = ''] = statement.split(/\s/)
    if (word === 'creat' || word === 'drp') throw new SqlSyntaxError(`syntax error at "${word}"`, match.index)
    const control = controls.find((known) => known === word) ?? (word === 'savepoint' ? 'other' : undefined)
    return {
      text: statement,
      offset: match.index,
      transaction: word === 'vacuum' ? 'refused' : 'any',
      locks: [],
      ...(control !== undefined && { transactionControl: control }),
    }
  })
}

const controls = ['begin', 'commit', 'rollback'] as const
