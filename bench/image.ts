/**
 * A container with nothing to do: `npm run bench:image`. Options: --rounds N (15). In every round each case runs once, in
 * an order drawn anew:
 * - `docker run` of the image, which finds everything applied;
 * - `docker run` of the same image, whose shell runs `true`: what containers cost here;
 * - the command line on this host, prepared like the image, with the same database.
 * The first less the second is what slipway takes in a container, and should be at most 1.3 times the third.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { cliPath } from '../test/helpers/cli.ts'
import { until } from '../test/helpers/until.ts'
import { ask, image, openHarbour } from '../test/image/docker.ts'
import { withImages } from '../test/image/setup/stage.ts'
import { describeMachine } from './machine.ts'
import { type Command, runCommand } from './run-command.ts'
import { median, round, shuffle } from './statistics.ts'

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
const migrations = join(import.meta.dirname, '../migrations')

// A password that can stand in a URL, since the server's address is put into one here.
process.env.TEST_PG_PASSWORD ??= 'benchmark'
console.table(describeMachine())
await withImages(async (runDir, stop) => {
  await using harbour = await openHarbour()
  const network = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  const address = await ask(['inspect', '--format', network, harbour.server])
  const url = harbour.url.replace('@db', `@${address}`)
  const cases = prepare(harbour.network, url, runDir)
  await until(
    'everything is applied',
    async () => (await runCommand(cases.container, { deadlineMs: 90_000 })).code === 0,
    {
      timeoutMs: 120_000,
    },
  )
  const times = await measure(cases, Number(options.rounds), stop)
  const slipway = times.container - times.floor
  console.table([
    { case: 'docker run, nothing to do', 'median ms': round(times.container) },
    { case: 'docker run, true', 'median ms': round(times.floor) },
    {
      case: 'the first less the second',
      'median ms': round(slipway),
      'times the host': round(slipway / times.host, 2),
    },
    { case: 'command line on the host', 'median ms': round(times.host) },
  ])
  if (slipway > times.host * 1.3) process.exitCode = 1
})

interface Cases<T> {
  readonly container: T
  readonly floor: T
  readonly host: T
}

function prepare(network: string, url: string, runDir: string): Cases<Command> {
  const variables = ['DOCKER_HOST', 'DOCKER_CONFIG'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const env = { ...Object.fromEntries(variables), DATABASE_URL: url }
  const run = [
    'run',
    '--rm',
    '--network',
    network,
    '--env',
    'DATABASE_URL',
    '--volume',
    `${migrations}:/app/migrations:ro`,
  ]
  const program = installCompiled(join(runDir, 'host'))
  const host = { DATABASE_URL: url, SLIPWAY_DIR: migrations, NODE_ENV: 'production' }
  return {
    container: { file: 'docker', args: [...run, image.runner], env, cwd: runDir },
    floor: {
      file: 'docker',
      args: [...run, '--entrypoint', 'sh', image.runner, '-c', 'true'],
      env,
      cwd: runDir,
    },
    host: { file: process.execPath, args: [program, 'up'], env: host, cwd: runDir },
  }
}

/** With the code cache that the image has. */
function installCompiled(home: string): string {
  cpSync(dirname(cliPath), join(home, 'dist'), { recursive: true })
  rmSync(join(home, 'dist/bundle/compiled'), { recursive: true, force: true })
  symlinkSync(join(dirname(cliPath), '../node_modules'), join(home, 'node_modules'))
  execFileSync(process.execPath, [join(home, 'dist/precompile.cjs')], { stdio: 'ignore' })
  return join(home, 'dist/slipway.cjs')
}

async function measure(cases: Cases<Command>, rounds: number, stop: AbortSignal): Promise<Cases<number>> {
  const names = ['container', 'floor', 'host'] as const
  const taken = { container: [], floor: [], host: [] } as Record<(typeof names)[number], number[]>
  for (let turn = -1; turn < rounds; turn++)
    for (const name of shuffle(names)) {
      stop.throwIfAborted()
      const { code, output, wallMs } = await runCommand(cases[name], { deadlineMs: 90_000 })
      if (code !== 0) throw new Error(`${name}: ${output}`)
      // The first turn reads files for the first time.
      if (turn >= 0) taken[name].push(wallMs)
    }
  return { container: median(taken.container), floor: median(taken.floor), host: median(taken.host) }
}
