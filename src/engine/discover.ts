/** The folder of migrations as this run is configured, its warnings told. */
import { type Discovery, discoverMigrations } from '../files/discover.ts'
import type { Run } from './run.ts'

export async function discover(run: Run): Promise<Discovery> {
  const found = await discoverMigrations(run.config.dir, { allowEmpty: run.config.allowEmpty, cwd: run.cwd })
  for (const warning of found.warnings) run.emit({ type: 'warning', ...warning })
  return found
}
