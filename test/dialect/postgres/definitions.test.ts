/** `like`: the same definition passes, another one is an error, and nothing in between. */
import assert from 'node:assert/strict'
import { withContext } from './open-context.ts'
import { testEach } from './scene.ts'

const table =
  'create table d (n int, s text, v varchar(9), at timestamptz); create table t (n int primary key)'

/** A definition as written, of an object on `d (n int, s text, v varchar(9), at timestamptz)`; it must be like itself. */
const definitions: readonly [kind: 'index' | 'constraint', definition: string][] = [
  ['index', 'create index x on d (n)'],
  ['index', 'CREATE UNIQUE INDEX IF NOT EXISTS "x" ON public.d USING btree (n ASC NULLS LAST, s desc) ;'],
  ['index', 'create index x on d (n desc nulls last, v nulls first) include (s)'],
  ['index', "create index x on d (lower(v), (s || 'A')) where v is not null and n > 3"],
  ['index', "create index x on d (at) where s in ('a', 'B')"],
  ['index', 'create index x on d using hash (s)'],
  ['index', "create index x on d (v) where v <> 'A' and n > 2"],
  ['index', "create index x on d using gin (to_tsvector('english', s))"],
  ['index', 'create index x on d (s text_pattern_ops) with (fillfactor = 70)'],
  ['constraint', 'check (n > 0 and length(v) < 5)'],
  ['constraint', "check (s in ('one', 'TWO'))"],
  ['constraint', "check (v in ('one', 'TWO'))"],
  ['constraint', "check (s not in ('one', 'two'))"],
  ['constraint', "constraint x check (v like 'a%' or s ilike 'B%')"],
  ['constraint', 'check (n > 0) not valid'],
  ['constraint', 'unique (s, v)'],
  ['constraint', 'primary key (n)'],
  ['constraint', 'unique (n) deferrable initially deferred'],
  ['constraint', 'foreign key (n) references t (n) on delete cascade on update set null'],
]

testEach('a definition is like itself as the server prints it, and unlike all others', async (major) => {
  await withContext({ major, setUp: [table] }, async ({ sql, checks }) => {
    for (const [kind, definition] of definitions) {
      await sql`savepoint here`
      await sql.raw(
        kind === 'index'
          ? definition
          : `alter table d add constraint x ${definition.replace('constraint x', '')}`,
      )
      const ask = (like: string) =>
        kind === 'index' ? checks.indexExists('x', { like }) : checks.constraintExists('d', 'x', { like })
      assert.equal(await ask(definition), true, definition)
      for (const [otherKind, other] of definitions) {
        if (otherKind !== kind || other === definition) continue
        await assert.rejects(async () => await ask(other), /another definition/, `${definition} / ${other}`)
      }
      await sql`rollback to savepoint here`
    }
  })
})

testEach('an object of that name with another definition is an error that shows both', async (major) => {
  const objects = `${table}; create index d_by_n on d (n desc); alter table d add constraint short check (length(v) > 1)`
  await withContext({ major, setUp: [objects] }, async ({ checks }) => {
    const wrongIndex = checks.indexExists('d_by_n', { like: 'create index d_by_n on d (n)' })
    await assert.rejects(wrongIndex, /index d_by_n exists with another definition[\s\S]*desc/i)
    const wrongCheck = checks.constraintExists('d', 'short', { like: 'check (length(v) > 2)' })
    await assert.rejects(wrongCheck, /constraint short of d[\s\S]*> 1[\s\S]*> 2/)
    const otherKind = checks.constraintExists('d', 'short', { like: 'unique (n)' })
    await assert.rejects(otherKind, /another definition/)
    const otherSchema = checks.indexExists('d_by_n', { like: 'create index d_by_n on app.d (n desc)' })
    await assert.rejects(otherSchema, /another definition/)
    const otherText = checks.indexExists('d_by_n', { like: 'no definition' })
    await assert.rejects(otherText, /syntax error/)
    assert.equal(await checks.indexExists('nope', { like: 'no definition' }), false)
  })
})
