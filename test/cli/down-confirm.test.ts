/** In production, or on another host, the database has to be named: by a flag, or by whoever sits at the terminal. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { parseDatabaseUrl } from '../../src/config/parse-url.ts'
import { whyConfirm } from '../../src/engine/down-safety.ts'
import type { Run } from '../../src/engine/run.ts'
import { cliPath } from '../helpers/cli.ts'
import { surroundings } from '../helpers/connect.ts'
import { type Kind, openPlace, type Place } from '../helpers/place.ts'

const production = { SLIPWAY_ENV: 'production' }
const files = {
  '0001_a.sql': '-- migrate:up\ncreate table a (id integer);\n-- migrate:down\ndrop table a;\n',
}
const kinds: readonly Kind[] = ['postgres', 'sqlite']

for (const kind of kinds)
  test(`in production, on ${kind}`, async () => {
    await using place = await openPlace(kind, files)
    await place.expect(0, 'up', production)
    const refused = await place.expect(79, 'down', production)
    assert.match(
      refused.stderr,
      new RegExp(`the environment is production: going back on ${place.database} has to be confirmed`),
    )
    assert.match(refused.stderr, new RegExp(`next: slipway down --confirm ${place.database}`))
    assert.match(refused.stdout, /1 migration to revert/)
    const other = await place.expect(79, 'down --confirm other', production)
    assert.match(other.stderr, new RegExp(`--confirm names other, and the database is ${place.database}`))
    await place.expect(0, 'down --dry-run', production)
    assert.equal((await place.history()).length, 1)
    await place.expect(0, `down --confirm ${place.database}`, production)
    await place.expect(0, 'up', production)
    await place.expect(0, 'down --no-safety-checks', production)
    assert.deepEqual(await place.history(), [])
  })

test('data loss and confirmation are told together', async () => {
  await using place = await openPlace('sqlite', files)
  await place.expect(0, 'up')
  await place.change('insert into a values (1)')
  const refused = await place.expect(79, 'down', production)
  assert.match(refused.stderr, /data would be lost[\s\S]*has to be confirmed/)
})

const remote = 'the server is not on this host'
for (const [url, why] of [
  ['postgres://a@localhost/b', undefined],
  ['postgres://a@127.0.0.1/b', undefined],
  ['postgres://a@[::1]/b', undefined],
  ['postgres://a@/b?host=/run/postgresql', undefined],
  ['postgres://a@anywhere/b?hostaddr=127.0.0.1', undefined],
  ['postgres://a@db/b', remote],
  ['postgres://a@10.0.0.1/b', remote],
  ['postgres://a@localhost,db/b', remote],
  ['postgres://a@localhost/b?hostaddr=10.0.0.1', remote],
  ['postgres://a@127.0.0.1.example.com/b', remote],
  ['sqlite:app.db', undefined],
] as const)
  test(`whether ${url} has to be confirmed`, () => {
    const context = { name: 'the URL', cwd: '/', osUser: () => 'sailor', surroundings: surroundings() }
    const { url: parsed } = parseDatabaseUrl(url, context)
    assert.equal(whyConfirm({ url: parsed, config: { env: undefined } } as Run), why)
  })

const hasTerminal = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '')
const skip = hasTerminal ? false : 'needs the program `script` of util-linux'

function talk(place: Place, answer: string): Promise<{ code: number | null; shown: string }> {
  const child = spawn('script', ['-qec', `'${process.execPath}' '${cliPath}' down`, '/dev/null'], {
    cwd: place.workspace.dir,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...place.env, ...production },
  })
  const deadline = setTimeout(() => child.kill('SIGKILL'), 60_000)
  let shown = ''
  let asked = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    if (asked || !shown.includes('to go on:')) return
    asked = true
    child.stdin.write(answer)
  })
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(deadline)
      resolve({ code, shown: stripVTControlCharacters(shown).replaceAll('\r', '') })
    })
  })
}

for (const [answer, exit] of [
  ['app.db\r', 0],
  ['y\r', 79],
  ['\r', 79],
] as const)
  test(`a terminal is asked: ${JSON.stringify(answer)}`, { skip }, async () => {
    await using place = await openPlace('sqlite', files)
    await place.expect(0, 'up')
    const { code, shown } = await talk(place, answer)
    assert.equal(code, exit, shown)
    assert.match(shown, /1 migration to revert[\s\S]*Type the name of the database to go on:/)
    assert.equal((await place.history()).length, exit === 0 ? 0 : 1)
  })
