/** The programs that building and running images takes: what is missing comes from Debian's packages. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Programs, and the packages that have them. */
const packages = {
  dockerd: 'docker.io',
  mmdebstrap: 'mmdebstrap',
  buildah: 'buildah',
  shellcheck: 'shellcheck',
  ip: 'iproute2',
  busybox: 'busybox',
} as const

export type Program = keyof typeof packages

export function has(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** By apt-get, as root or with sudo. Debian starts what it installs; nobody wants these to run. */
export async function install(programs: readonly Program[]): Promise<void> {
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const run = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-qq']
  const names = missing.map((program) => packages[program])
  // Half an installation is nobody's wish.
  for (const args of [['update'], ['-y', 'install', '--no-install-recommends', ...names]])
    await runQuietly([...run, ...args], uninterrupted)
}

/** `docker compose` and `docker buildx`, unpacked below `home` where docker has none; sets DOCKER_CONFIG then. */
export async function providePlugins(home: string): Promise<void> {
  if (has('docker', 'compose', 'version') && has('docker', 'buildx', 'version')) return
  const config = join(home, 'docker-config')
  if (!existsSync(config)) await unpackPlugins(home, config)
  process.env.DOCKER_CONFIG = config
}

/** Debian 13 has them, and they run on Debian 12: they need nothing but its C library. */
async function unpackPlugins(home: string, config: string): Promise<void> {
  const root = join(home, 'plugins')
  const apt = join(home, 'apt')
  for (const dir of [root, join(apt, 'lists/partial'), join(apt, 'cache/archives/partial')])
    mkdirSync(dir, { recursive: true })
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(join(apt, 'sources.list'), `deb [signed-by=${key}] ${debianMirror()} trixie main\n`)
  writeFileSync(
    join(apt, 'apt.conf'),
    `Dir::Etc::sourcelist "${apt}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "${apt}/lists";
Dir::Cache "${apt}/cache";
APT::Sandbox::User "root";
`,
  )
  const env = { ...process.env, APT_CONFIG: join(apt, 'apt.conf') }
  for (const args of [['update'], ['download', 'docker-compose', 'docker-buildx']])
    await runQuietly(['apt-get', '-qq', ...args], { cwd: apt, env })
  for (const file of globSync('*.deb', { cwd: apt })) await runQuietly(['dpkg', '-x', join(apt, file), root])
  mkdirSync(join(config, 'cli-plugins'), { recursive: true })
  for (const plugin of globSync(join(root, 'usr/libexec/docker/cli-plugins/*')))
    symlinkSync(plugin, join(config, 'cli-plugins', basename(plugin)))
  writeFileSync(join(config, 'config.json'), '{}\n')
}

/** The one that this machine uses. */
export function debianMirror(): string {
  const known = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' })
  const mirror = known.split('\n').find((uri) => /\/debian\/?$/.test(uri))
  if (mirror === undefined) throw new Error('apt-get knows no mirror of Debian: is this a Debian machine?')
  return mirror
}

/** Shows what a command printed only if it failed. A `signal` that is aborted stops it, and then this throws. */
export async function runQuietly(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { signal = interruption.signal, ...rest } = options
  signal.throwIfAborted()
  const child = spawn(program, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  try {
    const [code, ...printed] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    signal.throwIfAborted()
    if (code !== 0)
      throw new Error(`${program} ${args.join(' ')} (exit ${code}):\n${printed.join('\n').slice(-8000)}`)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const interruption = new AbortController()

/** From now on SIGINT and SIGTERM end what is being done, instead of this process: what it has begun is taken away. */
export function heedSignals(): AbortSignal {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interruption.abort(new Error(`stopped by ${signal}`)))
  return interruption.signal
}

/** For taking away what was begun, which goes on after a signal. */
export const uninterrupted = { signal: new AbortController().signal }
