/** The images that test/cluster/run.sh puts into its cluster are what it takes them for. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { until } from '../helpers/until.ts'
import { ask, docker, image, openHarbour, startRun, uniqueName } from './docker.ts'

const folder = join(import.meta.dirname, '../cluster')
const name = uniqueName()
after(() =>
  docker(['image', 'rm', '--force', ...['migrations-1', 'migrations-2', 'migrations-3', 'app'].map(tagOf)]),
)

function tagOf(target: string): string {
  return `${name}:${target}`
}

async function build(target: string): Promise<string> {
  const base = `BASE=${image.runner}`
  await ask(['build', '--target', target, '--build-arg', base, '--tag', tagOf(target), folder])
  return tagOf(target)
}

test('two releases with a migration each, and a third whose migration fails', async () => {
  await using harbour = await openHarbour()
  for (const [release, code, applied] of [
    ['1', 0, '1'],
    ['2', 0, '2'],
    ['3', 70, '2'],
  ] as const) {
    const ran = await startRun(harbour, { image: await build(`migrations-${release}`) }).done
    assert.equal(ran.code, code, ran.stderr)
    assert.equal(
      await harbour.psql("select count(*) from schema_migrations where state = 'applied'"),
      applied,
    )
  }
})

test('an app that stays, without any right', async () => {
  const limits = ['--read-only', '--cap-drop', 'ALL', '--user', '10001', '--network', 'none']
  const container = await ask(['run', '--detach', ...limits, await build('app')])
  try {
    const look = ['exec', container, 'node', '--eval', "fetch('http://127.0.0.1:8080')"]
    await until('it listens', async () => (await docker(look)).code === 0)
  } finally {
    await docker(['rm', '--force', container])
  }
})
