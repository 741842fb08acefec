/** The folder of migrations, as `doctor` sees it: names only, nothing is imported. */
import type { Config } from '../config/config.ts'
import type { Diagnosis } from '../dialects/diagnosis.ts'
import { isSlipwayError } from '../errors.ts'
import { type Discovery, discoverMigrations } from '../files/discover.ts'
import { findMixedVersions } from '../plan/mixed-versions.ts'
import { failedForAll } from './doctor-verdict.ts'

export interface ExaminedFiles {
  readonly checks: readonly Diagnosis[]
  /** Undefined where the folder cannot be used. */
  readonly found: Discovery | undefined
}

const check = 'files'

export async function examineFiles(
  { dir, allowEmpty }: Pick<Config, 'dir' | 'allowEmpty'>,
  cwd: string,
): Promise<ExaminedFiles> {
  try {
    const found = await discoverMigrations(dir, { allowEmpty, cwd })
    const warnings = [...found.warnings, ...findMixedVersions(found.files)]
    return { checks: [countFiles(dir, found), ...warnings.map(toWarning)], found }
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return { checks: failedForAll(check, error), found: undefined }
  }
}

function countFiles(dir: string, { files }: Discovery): Diagnosis {
  const [only] = files
  const newest = files.at(-1)
  const range = only === undefined || newest === undefined ? '' : `, the newest is ${newest.name}`
  return { check, level: 'ok', message: `${files.length} in ${dir}${range}` }
}

function toWarning({ message }: { readonly message: string }): Diagnosis {
  return { check, level: 'warn', message, remedy: 'see docs/formats.md' }
}
