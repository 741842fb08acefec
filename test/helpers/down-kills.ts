/** Kills a runner on its way down, looks whether history tells the truth, goes on, and compares with a way that nobody disturbed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { slipway } from './cli.ts'
import { faultOptions } from './fault-point.ts'
import { type Kind, openPlace, type Place } from './place.ts'

const migrations = (kind: Kind): Readonly<Record<string, string>> => ({
  '0001_effects.sql': 'create table effects (name text not null);\n',
  '0002_transactional.sql': `-- migrate:up
create table b (id integer);
-- migrate:down
insert into effects values ('0002 first');
drop table b;
insert into effects values ('0002 last');
`,
  '0003_stepwise.sql': `-- migrate:up
create table c (id integer);
create index c_id on c (id);
-- migrate:down transaction:false
insert into effects values ('0003 first');
drop index ${kind === 'postgres' ? 'concurrently ' : ''}c_id;
insert into effects values ('0003 second');
begin;
insert into effects values ('0003 grouped');
drop table c;
commit;
insert into effects values ('0003 last');
`,
  '0004_script.ts': `export const up = async ({ sql }) => { await sql\`create table d (id integer)\` }
export const down = async ({ sql }) => {
  await sql\`insert into effects values (\${'0004 first'})\`
  await sql\`drop table d\`
  await sql\`insert into effects values (\${'0004 last'})\`
}
`,
  '0005_resumable.ts': `export const options = { transaction: false, resumable: true }
export const up = async ({ sql }) => { await sql\`create table if not exists e (id integer)\` }
export const down = async ({ sql }) => { await sql\`drop table if exists e\` }
`,
})

const line = ['down', '--to', '0001_effects', '--allow-data-loss']

export interface Way {
  readonly sight: unknown
  /** The checkpoints passed: `committed:2`. */
  readonly faults: readonly string[]
  /** One of each checkpoint, and each after a statement that no transaction shields. */
  readonly few: readonly string[]
}

export async function goUndisturbed(kind: Kind): Promise<Way> {
  await using place = await openPlace(kind, migrations(kind))
  await place.expect(0, 'up')
  const log = place.workspace.path('checkpoints')
  const result = await go(place, { log })
  assert.equal(result.code, 0, result.stderr)
  const times = new Map<string, number>()
  const passings = readFileSync(log, 'utf8').trim().split('\n')
  const faults = passings.map((passing) => {
    const [point = ''] = passing.split(' ')
    times.set(point, (times.get(point) ?? 0) + 1)
    return `${point}:${times.get(point)}`
  })
  const few = faults.filter(
    (fault, index) => fault.endsWith(':1') || passings[index] === 'statement-done 0003_stepwise',
  )
  return { sight: await look(place), faults, few }
}

export async function killAndGoOn(kind: Kind, fault: string, expected: unknown): Promise<void> {
  await using place = await openPlace(kind, migrations(kind))
  await place.expect(0, 'up')
  const killed = await go(place, { fault })
  assert.equal(killed.signal, 'SIGKILL', `${fault}: ${killed.code}\n${killed.stderr}`)
  await requireTruth(place)
  const second = await go(place, {})
  assert.equal(second.code, 0, second.stderr)
  assert.deepEqual(await look(place), expected)
}

function go(place: Place, disturbance: { readonly fault?: string; readonly log?: string }) {
  const { nodeOptions, env } = faultOptions(disturbance)
  return slipway(line, {
    cwd: place.workspace.dir,
    env: { ...place.env, ...env },
    ...(Object.keys(env).length === 0 ? {} : { nodeOptions }),
  })
}

/** What history calls applied is all there; what it does not name is all gone; the rest it calls begun. */
async function requireTruth(place: Place): Promise<void> {
  const states = new Map(
    (await place.rows('select name, state from schema_migrations')).map(({ name, state }) => [name, state]),
  )
  const made = { b: '0002_transactional', c: '0003_stepwise', d: '0004_script', e: '0005_resumable' }
  for (const [table, name] of Object.entries(made)) {
    const isThere = await place.rows(`select * from ${table}`).then(
      () => true,
      () => false,
    )
    const state = states.get(name)
    if (state === 'applied') assert.ok(isThere, `${name} is applied, and ${table} is gone`)
    if (state === undefined) assert.ok(!isThere, `${name} is reverted, and ${table} is there`)
  }
  assert.equal(states.get('0001_effects'), 'applied')
}

async function look(place: Place): Promise<unknown> {
  const names = async (text: string) => (await place.rows(text)).map(({ name }) => name)
  return {
    catalogue: await place.catalogue(),
    history: await place.history(),
    effects: await names('select name from effects order by name'),
    reverted: await names("select name from schema_migrations_log where event = 'down' order by name"),
  }
}
