/** The images of the run: stand-ins for the public ones, where those cannot be pulled, and slipway's own. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { debianMirror, install, runQuietly } from './tools.ts'

const root = join(import.meta.dirname, '../../..')

export const targets = ['runner', 'backup', 'slim'] as const

/** Names of the images, as variables that compose.yaml and the tests read. */
export function nameImages(): void {
  for (const target of targets) process.env[`TEST_IMAGE_${target.toUpperCase()}`] = `slipway-test:${target}`
  if (usesPublicOnes()) return
  process.env.NODE_IMAGE = 'slipway-test/node'
  process.env.POSTGRES_IMAGE = 'slipway-test/postgres'
  process.env.PGBOUNCER_IMAGE = 'slipway-test/postgres'
}

/** TEST_BASE_IMAGES=public, where a registry can be reached. */
function usesPublicOnes(): boolean {
  return process.env.TEST_BASE_IMAGES === 'public'
}

export async function buildImages(home: string): Promise<void> {
  if (!usesPublicOnes() && !hasImage('slipway-test/postgres')) await buildStandIns(join(home, 'stand-ins'))
  for (const target of targets) await buildTarget(target)
}

function hasImage(name: string): boolean {
  return spawnSync('docker', ['image', 'inspect', name], { stdio: 'ignore' }).status === 0
}

/** What else is given to a build here: the stand-ins, or nothing. */
export function buildArguments(): string[] {
  return ['NODE_IMAGE', 'POSTGRES_IMAGE'].flatMap((name) =>
    process.env[name] === undefined ? [] : ['--build-arg', `${name}=${process.env[name]}`],
  )
}

function buildTarget(target: (typeof targets)[number]): Promise<void> {
  const name = process.env[`TEST_IMAGE_${target.toUpperCase()}`] ?? ''
  return runQuietly(['docker', 'build', ...buildArguments(), '--target', target, '--tag', name, root])
}

async function buildStandIns(dir: string): Promise<void> {
  await install(['mmdebstrap'])
  cpSync(join(root, 'test/image/stand-ins'), dir, { recursive: true })
  await importDebian(join(dir, 'debian.tar'))
  copyFileSync(process.execPath, join(dir, 'node'))
  copyFileSync('/etc/ssl/certs/ca-certificates.crt', join(dir, 'ca.pem'))
  await runQuietly(['npm', 'pack', 'npm@11', '--silent', '--pack-destination', dir])
  renameSync(globSync(join(dir, 'npm-*.tgz'))[0] ?? '', join(dir, 'npm.tgz'))
  for (const target of ['node', 'postgres'])
    await runQuietly(['docker', 'build', '--target', target, '--tag', `slipway-test/${target}`, dir])
}

/** All packages that any stand-in needs, unpacked once. */
async function importDebian(tarball: string): Promise<void> {
  if (!existsSync(tarball)) {
    const packages = 'ca-certificates,libatomic1,libstdc++6,pgbouncer,postgresql-17'
    const without = ['share/man', 'share/doc', 'share/locale', 'lib/llvm*', 'lib/*/libLLVM*', 'lib/*/libz3*']
    mkdirSync(join(tarball, '..'), { recursive: true })
    await runQuietly([
      ...['mmdebstrap', '--variant=minbase', `--include=${packages}`, '--dpkgopt=force-unsafe-io'],
      ...['--aptopt=APT::Sandbox::User "root"', '--aptopt=APT::Install-Recommends "false"'],
      ...without.map((path) => `--dpkgopt=path-exclude=/usr/${path}/*`),
      ...without.map((path) => `--dpkgopt=path-exclude=/usr/${path}`),
      ...['trixie', `${tarball}.part.tar`, debianMirror()],
    ])
    renameSync(`${tarball}.part.tar`, tarball)
  }
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  await runQuietly(['docker', 'import', '--change', path, tarball, 'slipway-test/debian'])
}
