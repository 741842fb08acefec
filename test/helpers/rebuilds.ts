/** Operations that rebuild a table, and what must be there afterwards. */
import assert from 'node:assert/strict'
import { copyFileSync, rmSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import type { Operations } from '../../src/dialects/operations.ts'
import { codeAttempt, createFolder, openReady } from '../dialect/sqlite/fixture.ts'
import { type LargeSight, lookAtLarge, makeLargeParent } from './large-parent.ts'

export type Body = (op: Operations) => Promise<unknown>

export async function migrate(file: string, body: Body): Promise<void> {
  await using session = await openReady(file)
  await session.applyInTransaction(
    codeAttempt('0001', async (_executor, _checks, open) => void (await body(await open()))),
  )
}

interface Rebuild {
  readonly name: string
  readonly body: Body
  /** Columns that it is about. */
  readonly without?: readonly string[]
  readonly text: RegExp
  /** Objects that go or come. */
  readonly gone?: readonly string[]
  readonly come?: readonly string[]
  readonly unchanged?: boolean
  /** The pair of `sqlite_stat1` goes with an index. */
  readonly statistics?: boolean
}

const looseTable = (name: string, values: string) =>
  `table loose CREATE TABLE ${name} (parent_id integer references parent on delete set null, what text, mood text,
  constraint loose_mood_enum_check check ("mood" in (${values}) /* enum mood */))`

const rebuilds: readonly Rebuild[] = [
  {
    name: 'addColumn, unique',
    body: (op) => op.addColumn('parent', 'x', { type: 'text', unique: true }),
    text: /"x" text,\n {2}constraint n_small .*, constraint "parent_x_key" unique \("x"\) -- the last/,
    come: ['index sqlite_autoindex_parent_1 null'],
  },
  {
    name: 'addColumn with the time',
    body: (op) =>
      op.addColumn('parent', 'x', { type: 'timestamptz', nullable: false, default: { now: true } }),
    text: /"x" text not null default \(strftime/,
  },
  {
    name: 'addColumn, a reference with a default',
    body: (op) => op.addColumn('parent', 'x', { type: 'integer', default: 1, references: 'parent' }),
    text: /constraint "parent_x_fkey" foreign key \("x"\) references "parent"/,
  },
  {
    name: 'dropColumn with its index and its check',
    body: (op) => op.dropColumn('parent', 'kind'),
    text: /virtual,\n {2}"odd/,
    gone: ['index parent_some CREATE INDEX parent_some on parent (n desc) where kind is not null'],
    statistics: true,
  },
  {
    name: 'alterColumn: type and values',
    body: (op) => op.alterColumn('parent', 'm', { type: 'text', using: "'m' || m", default: null }),
    without: ['m'],
    text: /m text, \/\* another/,
  },
  {
    name: 'alterColumn: not null',
    body: (op) => op.alterColumn('parent', 'n', { nullable: false }),
    text: /n integer not null, m/,
  },
  {
    name: 'alterColumn: null',
    body: (op) => op.alterColumn('parent', 'name', { nullable: true }),
    text: /name text collate nocase default 'x, y' check/,
  },
  {
    name: 'alterColumn: default',
    body: (op) => op.alterColumn('parent', 'odd "name', { default: 'new' }),
    text: /"odd ""name" text default 'new'/,
  },
  {
    name: 'addForeignKey',
    body: (op) => op.addForeignKey('parent', ['n'], { table: 'child' }, { onDelete: 'restrict' }),
    text: /check \(n < 1000000000\), constraint "parent_n_fkey" foreign key \("n"\) references "child" on delete restrict -- the last/,
  },
  {
    name: 'addUnique',
    body: (op) => op.addUnique('parent', ['name', 'n']),
    text: /constraint "parent_name_n_key" unique \("name", "n"\)/,
    come: ['index sqlite_autoindex_parent_1 null'],
  },
  {
    name: 'addCheck',
    body: (op) => op.addCheck('parent', 'm >= 0'),
    text: /constraint "parent_m_check" check \(m >= 0\)/,
  },
  {
    name: 'dropConstraint of the table',
    body: (op) => op.dropConstraint('parent', 'n_small'),
    text: /on delete set null\s+-- the last/,
  },
  {
    name: 'dropConstraint of a column, by the name it would have',
    body: (op) => op.dropConstraint('parent', 'parent_up_fkey'),
    text: /up integer,\n {2}constraint/,
  },
  {
    name: 'addEnumValue',
    body: (op) => op.addEnumValue('mood', 'c', { after: 'a' }),
    text: /check \("mood" in \('a', 'c', 'b'\) \/\* enum mood \*\/\)/,
    gone: [looseTable('loose', "'a', 'b'")],
    come: [looseTable('"loose"', "'a', 'c', 'b'")],
  },
  {
    name: 'those that fail half-way, one after the other',
    body: async (op) => {
      await assert.rejects(op.addUnique('parent', 'm'), /UNIQUE/)
      await assert.rejects(op.dropColumn('parent', 'name'), /error in view names/)
      await assert.rejects(op.addCheck('parent', 'id < 7'), /CHECK/)
      await assert.rejects(op.addForeignKey('child', 'note', { table: 'parent', columns: 'm' }), /mismatch/)
    },
    text: /\bstrict$/,
    unchanged: true,
  },
]

/** The same for a small parent and for a large one. */
export function describeRebuilds(parents: number): void {
  describe(`a parent of ${parents} rows`, () => {
    const folder = createFolder('large.db')
    makeLargeParent(folder.file, parents)
    const before = lookAtLarge(folder.file)
    after(() => folder[Symbol.dispose]())

    for (const rebuild of rebuilds)
      test(rebuild.name, async () => {
        const file = `${folder.file}-${rebuilds.indexOf(rebuild)}`
        copyFileSync(folder.file, file)
        await migrate(file, rebuild.body)
        const without = rebuild.without ?? []
        const wanted = without.length === 0 ? before : lookAtLarge(folder.file, without)
        compare(rebuild, lookAtLarge(file, without), wanted)
        liveOn(file, parents, rebuild.name.includes('by the name') ? 0 : 2)
        rmSync(file)
      })
  })
}

function compare(rebuild: Rebuild, found: LargeSight, wanted: LargeSight): void {
  const { sqlite_stat1: stat1, sqlite_stat4: stat4, ...had } = wanted.rows
  const { sqlite_stat1: newStat1, sqlite_stat4: newStat4, ...has } = found.rows
  assert.deepEqual(has, had)
  if (rebuild.statistics !== true) assert.deepEqual([newStat1, newStat4], [stat1, stat4])
  const gone = rebuild.gone ?? []
  const objects = [...wanted.objects.filter((one) => !gone.includes(one)), ...(rebuild.come ?? [])]
  assert.deepEqual([...found.objects].sort(), objects.sort())
  assert.match(found.parent, rebuild.text)
  assert.match(found.parent, /\) strict$/)
  if (rebuild.unchanged === true) assert.equal(found.parent, wanted.parent)
  assert.deepEqual(found.faults, ['ok'])
}

/** The sequence goes on, triggers fire, a deleted parent takes its children along. */
function liveOn(file: string, parents: number, updated: number): void {
  const database = new BetterSqlite3(file)
  try {
    database.pragma('foreign_keys = on')
    const { lastInsertRowid } = database.prepare("insert into parent (name, n) values ('new', 5)").run()
    assert.equal(Number(lastInsertRowid), parents + 51)
    database.exec('delete from parent where id = 77')
    const count = (text: string) => database.prepare(text).pluck().get()
    assert.equal(count('select count(*) from child where parent_id = 77'), 0)
    assert.equal(
      count("select count(*) from log where what like 'update %'"),
      updated,
      'children of 77 by up',
    )
  } finally {
    database.close()
  }
}
