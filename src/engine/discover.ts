/** The folder of migrations as this run is configured, its warnings told. */

import type { HistorySnapshot } from '../dialects/dialect.ts'
import { type DiscoverOptions, type Discovery, discoverMigrations } from '../files/discover.ts'
import type { Run } from './run.ts'

export async function discover(run: Run, manifest: DiscoverOptions['manifest'] = 'use'): Promise<Discovery> {
  if (run.folder !== undefined) return run.folder.discover(manifest)
  const { dir, allowEmpty } = run.config
  const found = await discoverMigrations(dir, { allowEmpty, cwd: run.cwd, manifest })
  for (const warning of found.warnings) run.emit({ type: 'warning', ...warning })
  return found
}

/** A history without a row begins with the baseline, where there is one. */
export function needsBaseline({ baseline }: Discovery, { rows }: HistorySnapshot): boolean {
  return baseline !== undefined && rows.length === 0
}
