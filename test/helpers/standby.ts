/** A primary and a hot standby that follows it. */
import { execFileSync } from 'node:child_process'
import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testPassword } from './password.ts'
import { templateName } from './postgres.ts'
import { launch, prepareData } from './postgres-process.ts'
import { attach, type PostgresServer } from './postgres-server.ts'
import { until } from './until.ts'

export interface Pair extends AsyncDisposable {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  /** Resolves when the standby has all that the primary has now. */
  caughtUp(): Promise<void>
}

/** The standby begins as a copy of the stopped primary's files, so that no pg_basebackup is needed. */
export async function startPair(major: number): Promise<Pair> {
  const [first, second] = await Promise.all([prepareData(major), prepareData(major)])
  const running = await launch(first, {})
  const primary = attach(running.coordinates, running)
  await primary.query('postgres', `create database ${templateName} is_template true`)
  await running.stop('fast')
  rmSync(second.data, { recursive: true })
  execFileSync('cp', ['-a', first.data, second.data])
  const signal = join(second.data, 'standby.signal')
  writeFileSync(signal, '')
  if (second.user !== undefined) chownSync(signal, second.user.uid, second.user.gid)
  await running.start()
  const { host, port, superuser } = running.coordinates
  const password = testPassword().replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  const source = `host=${host} port=${port} user=${superuser} password='${password}'`
  const following = await launch(second, { primary_conninfo: source })
  const standby = attach(following.coordinates, following)
  const caughtUp = async () => {
    const [now] = await primary.query<{ lsn: string }>('postgres', 'select pg_current_wal_lsn()::text as lsn')
    await until('the standby has caught up', async () => {
      const [row] = await standby.query<{ done: boolean }>(
        'postgres',
        'select pg_last_wal_replay_lsn() >= $1::pg_lsn as done',
        [now?.lsn],
      )
      return row?.done
    })
  }
  await until('the standby answers', () => standby.query('postgres', 'select 1').catch(() => false as const))
  return {
    primary,
    standby,
    caughtUp,
    async [Symbol.asyncDispose]() {
      await standby[Symbol.asyncDispose]()
      await primary[Symbol.asyncDispose]()
    },
  }
}
