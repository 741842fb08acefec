/** A Docker engine for the run: the one that is there, or a private one, with a bridge and addresses of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, killAndWait } from '../../helpers/kill.ts'
import { until } from '../../helpers/until.ts'
import { rememberFilter } from './firewall.ts'
import { has, install, runQuietly, uninterrupted } from './tools.ts'

export interface Engine extends AsyncDisposable {
  readonly isPrivate: boolean
}

/** Sets DOCKER_HOST for a private one, which leaves nothing outside `home` when it is disposed of. */
export async function provideEngine(home: string): Promise<Engine> {
  if (has('docker', 'info')) return { isPrivate: false, [Symbol.asyncDispose]: async () => {} }
  await install(['dockerd', 'ip'])
  await using parts = new AsyncDisposableStack()
  await startEngine(home, parts)
  const all = parts.move()
  return { isPrivate: true, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** `parts` is given what has been begun, even if it does not come to an engine. */
async function startEngine(home: string, parts: AsyncDisposableStack): Promise<void> {
  const socket = `unix://${join(home, 'docker.sock')}`
  // Another engine may be running: neither its bridge nor its addresses are touched.
  const bridge = `slip${process.pid}`
  const net = `10.${64 + (process.pid % 128)}`
  parts.defer(rememberFilter(bridge))
  await runQuietly(['ip', 'link', 'add', bridge, 'type', 'bridge'])
  parts.defer(() => runQuietly(['ip', 'link', 'delete', bridge], uninterrupted))
  await runQuietly(['ip', 'address', 'add', `${net}.0.1/24`, 'dev', bridge])
  await runQuietly(['ip', 'link', 'set', bridge, 'up'])
  const log = join(home, 'dockerd.log')
  mkdirSync(home, { recursive: true })
  const output = openSync(log, 'w')
  const child = spawn(
    'dockerd',
    [
      ...['--host', socket, '--bridge', bridge],
      ...['--default-address-pool', `base=${net}.128.0/17,size=24`],
      ...['--data-root', join(home, 'data'), '--exec-root', join(home, 'exec')],
      ...['--pidfile', join(home, 'dockerd.pid'), '--storage-driver', storageDriver()],
    ],
    { stdio: ['ignore', output, output], detached: true },
  )
  closeSync(output)
  child.unref()
  const pid = child.pid ?? 0
  process.env.DOCKER_HOST = socket
  parts.defer(async () => {
    removeContainers()
    if (isAlive(pid)) await killAndWait(pid, 'SIGTERM')
  })
  try {
    await until('dockerd answers', () => isAlive(pid) && has('docker', 'info'), { everyMs: 200 })
  } catch (error) {
    throw new Error(`dockerd does not run:\n${readFileSync(log, 'utf8').slice(-4000)}`, { cause: error })
  }
}

/** Those of tests that did not live to do so, and the bridges of their networks. */
function removeContainers(): void {
  const { stdout } = spawnSync('docker', ['ps', '--all', '--quiet'], { encoding: 'utf8' })
  const ids = stdout.split('\n').filter((id) => id !== '')
  if (ids.length > 0) spawnSync('docker', ['rm', '--force', '--volumes', ...ids])
  spawnSync('docker', ['network', 'prune', '--force'])
}

/** overlay2 needs a kernel that has it; vfs copies every layer, and works everywhere. */
function storageDriver(): string {
  return readFileSync('/proc/filesystems', 'utf8').includes('overlay') ? 'overlay2' : 'vfs'
}
