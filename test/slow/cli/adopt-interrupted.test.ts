/** adopt, killed between any two changes of the folder: done again, it ends as if it had never been interrupted. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPlace, type Place } from '../../helpers/adoption-place.ts'
import { faultOptions } from '../../helpers/fault-point.ts'
import { type Dialect, type ForeignHistory, foreignHistories } from '../../helpers/foreign-histories.ts'

interface Case {
  readonly name: string
  readonly dialect: Dialect
  readonly sql: ForeignHistory['sql']
  readonly files: ForeignHistory['files']
  /** Names in history in the end. */
  readonly names: readonly string[]
  /** Times it is killed: after each original that is kept, and each file that is written or moved. */
  readonly kills: number
}

const of = (tool: string) => {
  const found = foreignHistories.find((each) => each.tool === tool)
  assert.ok(found !== undefined, tool)
  return found
}
const flyway = of('flyway')
const golang = of('golang-migrate')
const broken = 'this is no SQL;\n'

const cases: readonly Case[] = [
  { name: 'goose', dialect: 'sqlite', ...of('goose'), kills: 5 },
  { name: 'Flyway', dialect: 'sqlite', ...flyway, kills: 5 },
  { name: 'node-pg-migrate', dialect: 'postgres', ...of('node-pg-migrate'), kills: 4 },
  { name: 'Knex', dialect: 'sqlite', ...of('knex'), kills: 3 },
  { name: 'Kysely', dialect: 'sqlite', ...of('kysely'), kills: 3 },
  {
    name: 'Flyway, with a pair that is pending, and one that does not load',
    dialect: 'sqlite',
    ...flyway,
    files: {
      ...flyway.files,
      'V1__users.sql': broken,
      'U1__users.sql': 'drop table users;\n',
      'V4__next.sql': 'create table next (id integer);\n',
      'U4__next.sql': 'drop table next;\n',
    },
    kills: 10,
  },
  {
    name: 'golang-migrate, with a pair that does not load',
    dialect: 'sqlite',
    ...golang,
    files: {
      ...golang.files,
      '000002_email.up.sql': broken,
      '000002_email.down.sql': 'alter table users drop column email;\n',
    },
    kills: 2,
  },
]

describe('killed between any two changes', { concurrency: 3 }, () => {
  for (const each of cases) test(each.name, () => interrupt(each))
})

const command = 'adopt --convert --yes'

async function interrupt({ dialect, kills, names, ...foreign }: Case): Promise<void> {
  await using smooth = await openPlace(dialect, foreign)
  await smooth.expect(0, command)
  await using place = await openPlace(dialect, foreign)
  const tables = await place.tables()
  for (let count = 0; ; count++) {
    const { code, signal, stderr } = await killAtNextChange(place)
    if (code === 0) {
      assert.equal(count, kills, 'times it was killed')
      break
    }
    assert.equal(signal, 'SIGKILL', stderr)
    assert.deepEqual(await place.tables(), tables, 'the database knows of half an adoption')
  }
  assert.deepEqual(place.contents(), smooth.contents())
  assert.deepEqual(await historyOf(place), await historyOf(smooth))
  assert.deepEqual((await historyOf(place)).map(({ name }) => name).sort(), [...names].sort())
  await place.expect(0, 'verify')
}

const historyOf = (place: Place) =>
  place.rows('select name, state, checksum, source from schema_migrations order by id')

function killAtNextChange(place: Place) {
  const { env, nodeOptions } = faultOptions({ fault: 'folder-changed' })
  return place.run(command, { ...env, NODE_OPTIONS: nodeOptions.join(' ') })
}
