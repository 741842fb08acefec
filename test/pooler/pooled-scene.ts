/** A scene whose slipway comes through a PgBouncer of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sql } from 'postgres'
import { createScene, type Scene } from '../dialect/postgres/scene.ts'
import {
  type Pgbouncer,
  type PgbouncerOptions,
  startPgbouncer,
  withoutPgbouncer,
} from '../helpers/pgbouncer.ts'
import { postgresMajors } from '../helpers/postgres.ts'
import { connection } from '../helpers/postgres-server.ts'

export interface PooledScene extends Scene {
  readonly pooler: Pgbouncer
  /** The scene's environment, past the pooler. */
  readonly direct: { readonly SLIPWAY_DATABASE_URL: string }
  readonly url: string
  /** One connection of the app, through the pooler. */
  openApp(): Promise<Sql & AsyncDisposable>
  /** Advisory locks in this database. */
  locks(): Promise<number>
}

export async function createPooledScene(
  major: number,
  options: PgbouncerOptions,
  files: Readonly<Record<string, string>> = {},
): Promise<PooledScene> {
  const scene = await createScene(major, files)
  const pooler = await startPgbouncer(scene.db.server, options)
  const url = pooler.through(scene.db.url())
  const through = { SLIPWAY_DATABASE_URL: url }
  const pooled: PooledScene = {
    ...scene,
    pooler,
    url,
    direct: { SLIPWAY_DATABASE_URL: scene.db.url() },
    start: (args, env) => scene.start(args, { ...through, ...env }),
    run: (args, env) => scene.run(args, { ...through, ...env }),
    up: (code, env) => scene.up(code, { ...through, ...env }),
    openApp: () => connection({ ...scene.db.server, port: pooler.port }, scene.db.name),
    locks: async () => {
      const rows = await scene.db.query(
        "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      )
      return rows.length
    },
    async [Symbol.asyncDispose]() {
      await pooler[Symbol.asyncDispose]()
      await scene[Symbol.asyncDispose]()
    },
  }
  return pooled
}

/** One test; skipped, and said so, where there is no PgBouncer. */
export function testPooled(name: string, work: () => Promise<void>): void {
  test(name, { skip: withoutPgbouncer }, work)
}

export function testPooledEach(
  name: string,
  work: (major: number) => Promise<void>,
  majors: readonly number[] = postgresMajors,
): void {
  for (const major of majors) testPooled(`PostgreSQL ${major}: ${name}`, () => work(major))
}

export function requireCode(
  result: { code: number | null; stdout: string; stderr: string },
  code: number,
): void {
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`)
}
