/** A folder whose names are versioned in two ways. */
import type { MigrationFile } from './migration.ts'

export interface PlanWarning {
  readonly code: string
  readonly message: string
  readonly migration?: string
}

/** `000…` is a placeholder for "before everything" and mixes well with timestamps. */
export function findMixedVersions(files: readonly Pick<MigrationFile, 'name' | 'version'>[]): PlanWarning[] {
  const timestamp = files.find(({ version }) => version.kind === 'timestamp')
  const sequence = files.find(({ version }) => version.kind === 'sequence' && /[1-9]/.test(version.key))
  if (timestamp === undefined || sequence === undefined) return []
  const message = `two styles of version in one folder: ${sequence.name} sorts before ${timestamp.name}, as every number does before every timestamp`
  return [{ code: 'mixed-versions', message }]
}
