/** The programs that building and running images takes: what is missing comes from Debian's packages. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Programs, and the packages that have them. */
const packages = {
  dockerd: 'docker.io',
  mmdebstrap: 'mmdebstrap',
  buildah: 'buildah',
  shellcheck: 'shellcheck',
  ip: 'iproute2',
} as const

export type Program = keyof typeof packages

export function has(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** By apt-get, as root or with sudo. Debian starts what it installs; nobody wants these to run. */
export function install(programs: readonly Program[]): void {
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const run = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-qq']
  const names = missing.map((program) => packages[program])
  for (const args of [['update'], ['-y', 'install', '--no-install-recommends', ...names]])
    runQuietly([...run, ...args])
}

/** `docker compose` and `docker buildx`, unpacked below `home` where docker has none; sets DOCKER_CONFIG then. */
export function providePlugins(home: string): void {
  if (has('docker', 'compose', 'version') && has('docker', 'buildx', 'version')) return
  const config = join(home, 'docker-config')
  if (!existsSync(config)) unpackPlugins(home, config)
  process.env.DOCKER_CONFIG = config
}

/** Debian 13 has them, and they run on Debian 12: they need nothing but its C library. */
function unpackPlugins(home: string, config: string): void {
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
    runQuietly(['apt-get', '-qq', ...args], { cwd: apt, env })
  for (const file of globSync('*.deb', { cwd: apt })) runQuietly(['dpkg', '-x', join(apt, file), root])
  mkdirSync(join(config, 'cli-plugins'), { recursive: true })
  for (const plugin of globSync(join(root, 'usr/libexec/docker/cli-plugins/*')))
    symlinkSync(plugin, join(config, 'cli-plugins', basename(plugin)))
  writeFileSync(join(config, 'config.json'), '{}\n')
}

/** The one that this machine uses. */
export function debianMirror(): string {
  const known = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' })
  return known.split('\n').find((uri) => /\/debian\/?$/.test(uri)) ?? 'http://deb.debian.org/debian'
}

/** Shows what a command printed only if it failed. */
export function runQuietly(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status === 0) return
  const said = error?.message ?? `${stdout}\n${stderr}`
  throw new Error(`${program} ${args.join(' ')} (exit ${status}):\n${said.slice(-8000)}`)
}
