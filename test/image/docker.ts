/** Containers and networks for tests, removed when disposed of. What containers print is searched for the password. */
import { randomUUID } from 'node:crypto'
import { type RunningSlipway, type SlipwayOptions, type SlipwayResult, startSlipway } from '../helpers/cli.ts'
import { testPassword } from '../helpers/password.ts'

/** Names of images; of the run, where it has set them by the time they are asked for. */
export const image = {
  get runner() {
    return process.env.TEST_IMAGE_RUNNER ?? 'slipway-test:runner'
  },
  get backup() {
    return process.env.TEST_IMAGE_BACKUP ?? 'slipway-test:backup'
  },
  get slim() {
    return process.env.TEST_IMAGE_SLIM ?? 'slipway-test:slim'
  },
  get node() {
    return process.env.NODE_IMAGE ?? 'node:26-trixie-slim'
  },
  get postgres() {
    return process.env.POSTGRES_IMAGE ?? 'postgres:18-trixie'
  },
}

/** What `docker run` takes away, for everything that shall work without. */
export const hardened: readonly string[] = [
  ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', '12345'],
]

type DockerOptions = Pick<SlipwayOptions, 'env' | 'cwd' | 'timeoutMs' | 'input'>

export function startDocker(args: readonly string[], options: DockerOptions = {}): RunningSlipway {
  return startSlipway(args, {
    timeoutMs: 240_000,
    ...options,
    env: {
      DOCKER_HOST: process.env.DOCKER_HOST,
      DOCKER_CONFIG: process.env.DOCKER_CONFIG,
      NODE_IMAGE: process.env.NODE_IMAGE,
      POSTGRES_IMAGE: process.env.POSTGRES_IMAGE,
      PGBOUNCER_IMAGE: process.env.PGBOUNCER_IMAGE,
      ...options.env,
    },
    command: ['docker'],
  })
}

export function docker(args: readonly string[], options?: DockerOptions): Promise<SlipwayResult> {
  return startDocker(args, options).done
}

/** Its standard output, without the last newline. Throws if it fails. */
export async function ask(args: readonly string[], options?: DockerOptions): Promise<string> {
  const { code, stdout, stderr } = await docker(args, options)
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`)
  return stdout.trimEnd()
}

export function uniqueName(): string {
  return `t${randomUUID().slice(0, 8)}`
}

/** A network with a PostgreSQL server on it that is called `db`, its password the run's. */
export interface Harbour extends AsyncDisposable {
  readonly network: string
  /** The server's container. */
  readonly server: string
  /** For containers on the network. */
  readonly url: string
  psql(sql: string): Promise<string>
}

export async function openHarbour(options: { readonly initDelay?: number } = {}): Promise<Harbour> {
  const network = uniqueName()
  const server = `${network}-db`
  await ask(['network', 'create', network])
  await startServer(network, server, 'db', options.initDelay ?? 0)
  return {
    network,
    server,
    url: urlOf('db'),
    psql: (sql) => ask(['exec', server, 'psql', '-U', 'app', '-d', 'app', '-qAt', '-c', sql]),
    [Symbol.asyncDispose]: async () => {
      await docker(['rm', '--force', '--volumes', server])
      await docker(['network', 'rm', network])
    },
  }
}

export function urlOf(host: string): string {
  return `postgres://app:${encodeURIComponent(testPassword())}@${host}/app`
}

/** Returns as soon as the container runs, long before the server answers. */
export async function startServer(
  network: string,
  name: string,
  host: string,
  initDelay: number,
): Promise<void> {
  const env = {
    POSTGRES_PASSWORD: testPassword(),
    POSTGRES_USER: 'app',
    POSTGRES_DB: 'app',
    INIT_DELAY: String(initDelay),
  }
  const variables = Object.keys(env).flatMap((key) => ['--env', key])
  const place = ['--network', network, '--network-alias', host]
  await ask(['run', '--detach', '--name', name, ...place, ...variables, image.postgres], { env })
}

/** `docker run --rm` of an image in a harbour; the URL goes by the environment, not by the command line. */
export function startRun(
  harbour: Pick<Harbour, 'network'> & { readonly url?: string },
  options: {
    readonly flags?: readonly string[]
    readonly image?: string
    readonly env?: Readonly<Record<string, string>>
  },
  ...command: readonly string[]
): RunningSlipway {
  const env = { ...(harbour.url === undefined ? {} : { DATABASE_URL: harbour.url }), ...options.env }
  const variables = Object.keys(env).flatMap((key) => ['--env', key])
  const flags = ['--rm', '--network', harbour.network, ...variables, ...(options.flags ?? [])]
  return startDocker(['run', ...flags, options.image ?? image.runner, ...command], { env })
}
