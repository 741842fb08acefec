/** Where bench/peers/install.ts puts things. */
import { join } from 'node:path'

/** Elsewhere, if SLIPWAY_BENCH_PEERS says so: they are large, and several clones can share them. */
export const peersFolder: string = process.env.SLIPWAY_BENCH_PEERS ?? import.meta.dirname
export const toolsFolder: string = join(peersFolder, '.tools')
export const goFolder: string = join(toolsFolder, 'go')
export const pythonFolder: string = join(toolsFolder, 'python')
export const flywayFolder: string = join(toolsFolder, 'flyway')
export const flywayApiFolder: string = join(toolsFolder, 'flyway-api')

export const versions = {
  'golang-migrate': 'v4.20.1',
  goose: 'v3.29.0',
  flyway: '10.22.0',
} as const
