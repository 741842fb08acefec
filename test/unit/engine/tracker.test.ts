import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Row } from '../../../src/dialects/dialect.ts'
import { createSql } from '../../../src/engine/context/sql.ts'
import { createTracker } from '../../../src/engine/context/tracker.ts'

function openSql(query: (text: string) => Promise<Row[]>) {
  const tracker = createTracker({ query }, new AbortController().signal, '0001_x')
  const sql = createSql({ tracker, placeholder: (index) => `$${index}`, quoteId: (name) => `"${name}"` })
  return { tracker, sql }
}

it('holds no query that is done, nor its rows', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const made: WeakRef<Row[]>[] = []
  const { tracker, sql } = openSql(async () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ n }))
    made.push(new WeakRef(rows))
    return rows
  })
  for (let n = 0; n < 50; n++) await sql`select ${n}`
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  const held = made.filter((rows) => rows.deref() !== undefined).length
  assert.ok(held < 5, `${held} of 50 results are still in memory`)
  tracker.finish()
})

it('starts nothing after the migration failed', async () => {
  const sent: string[] = []
  const { tracker, sql } = openSql(async (text) => {
    sent.push(text)
    return []
  })
  const late = sql`insert into t values (1)`
  tracker.end()
  await assert.rejects(async () => late, /0001_x had already ended/)
  assert.deepEqual(sent, [])
})

it('knows a query that was embedded from one that was forgotten', async () => {
  const { tracker, sql } = openSql(async () => [])
  const part = sql`where a = ${1}`
  await sql`select 1 ${part}`
  tracker.finish()
  const again = openSql(async () => [])
  again.sql`select 1`
  assert.throws(() => again.tracker.finish(), { code: 'not-awaited' })
})

it('tells whether any query reached its end', async () => {
  const { tracker, sql } = openSql(async (text) => {
    if (text === 'fail') throw new Error('no')
    return []
  })
  await assert.rejects(async () => sql`fail`)
  assert.equal(tracker.answered, 0)
  await sql`succeed`
  assert.equal(tracker.answered, 1)
})
