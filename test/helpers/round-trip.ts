/** `slipway roundtrip --all` of a folder that must come back. */
import assert from 'node:assert/strict'
import { slipway } from './cli.ts'
import { sharedPostgres } from './postgres.ts'

export interface Came {
  readonly name: string
  readonly outcome: string
  readonly diff?: readonly string[]
}

export async function roundtrip(
  dir: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly Came[]> {
  const result = await slipway(['roundtrip', '--all', '--json'], {
    env: { ...env, SLIPWAY_DIR: dir },
    timeoutMs: 240_000,
  })
  assert.notEqual(result.stdout, '', result.stderr)
  const { migrations } = JSON.parse(result.stdout) as { migrations: readonly Came[] }
  const odd = migrations.filter(({ outcome }) => outcome !== 'same' && outcome !== 'irreversible')
  assert.deepEqual(odd, [], result.stderr)
  assert.equal(result.code, 0, result.stderr)
  return migrations
}

export const postgresEnv = async (major: number) => {
  const url = (await sharedPostgres(major)).url()
  return { SLIPWAY_DATABASE_URL: url, SLIPWAY_SCRATCH_URL: url }
}
