/** Going back as a library. */
import assert from 'node:assert/strict'
import { failureOf, testBoth } from '../helpers/library-scene.ts'

const files = {
  'migrations/0001_a.sql': '-- migrate:up\ncreate table a (id integer);\n-- migrate:down\ndrop table a;\n',
  'migrations/0002_b.ts':
    'export const up = async ({ sql }) => { await sql`create table b (id integer)` }\nexport const down = async ({ sql }) => { await sql`drop table b` }\n',
}

const goesBack = async ({ open, exec, events }: Parameters<Parameters<typeof testBoth>[1]>[0]) => {
  await using migrator = await open()
  await migrator.up()
  await exec('insert into a values (1)')

  const shown = await migrator.down({ to: 'base', dryRun: true })
  assert.deepEqual([shown.dryRun, shown.reverted], [true, ['0002_b', '0001_a']])
  assert.deepEqual(
    (await migrator.status()).migrations.map(({ state }) => state),
    ['applied', 'applied'],
  )

  const newest = await migrator.down()
  assert.deepEqual([newest.dryRun, newest.reverted, newest.backup], [false, ['0002_b'], undefined])

  const refused = await failureOf(migrator.down())
  assert.deepEqual([refused.code, refused.exitCode], ['data-loss', 79])
  assert.match(refused.message, /0001_a drops .*\ba\b.* with 1 row/)
  assert.match(refused.hint ?? '', /down\(\{ allowDataLoss: true \}\)/)

  assert.deepEqual((await migrator.down({ allowDataLoss: true })).reverted, ['0001_a'])
  assert.deepEqual((await migrator.down()).reverted, [])
  assert.deepEqual((await migrator.up()).applied, ['0001_a', '0002_b'])
  const actions = events.flatMap((event) => (event.type === 'step-finished' ? [event.action] : []))
  assert.deepEqual(actions, ['apply', 'apply', 'revert', 'revert', 'apply', 'apply'])
}

testBoth('down reverts, and loses data only when told to', goesBack, files)

testBoth(
  "programs are looked for where `env` says, not in this process's environment",
  async ({ open, dialect, workspace }) => {
    if (dialect === 'sqlite') return
    workspace.write({ 'empty/README': 'no programs here' })
    await using migrator = await open({ backupDir: 'backups', env: { PATH: workspace.path('empty') } })
    await migrator.up()
    const refused = await failureOf(migrator.down({ backup: true }))
    assert.equal(refused.code, 'program-missing')
  },
)

testBoth('down refuses what it cannot do', async ({ open }) => {
  await using migrator = await open()
  await migrator.up()
  assert.equal((await failureOf(migrator.down())).code, 'irreversible')
  assert.equal((await failureOf(migrator.down({ steps: 0 }))).code, 'bad-argument')
  assert.equal((await failureOf(migrator.down({ steps: 1, to: 'base' }))).code, 'bad-argument')
  assert.equal((await failureOf(migrator.down({ requireBackup: 'soon' }))).code, 'bad-argument')
  const misspelt = await failureOf(migrator.down({ dryrun: true } as object))
  assert.deepEqual([misspelt.code, misspelt.hint], ['bad-argument', 'did you mean dryRun?'])
  assert.equal((await failureOf(migrator.up({ to: 5 } as object))).code, 'bad-argument')
  assert.equal((await failureOf(migrator.up(null as never))).code, 'bad-argument')
  assert.equal((await failureOf(migrator.stamp(undefined as never))).code, 'bad-argument')
})
