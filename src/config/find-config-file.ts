/** Which file is the config file: the one a flag or variable names, else the one in the working directory. */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { findSetting, type Sources } from './sources.ts'
import type { Warning } from './url-problem.ts'

const extensions = ['ts', 'js', 'mjs', 'cjs', 'json'] as const
const names = extensions.map((extension) => `slipway.config.${extension}`)

export interface ConfigPlace {
  /** Absolute; undefined where there is none. */
  readonly path: string | undefined
  /** Files that look like one and are not read. */
  readonly warnings: readonly Warning[]
}

/** One look at the working directory, and none where the file is named. Throws bad-config for more than one. */
export function findConfigFile(sources: Sources): ConfigPlace {
  const named = findSetting('config', sources)
  if (named !== undefined) return { path: resolve(named.base, named.text), warnings: [] }
  const present = listNames(sources.cwd).filter((name) => name.startsWith('slipway.config.'))
  const found = names.filter((name) => present.includes(name))
  const [first, second] = found
  if (second !== undefined)
    throw new SlipwayError('bad-config', `there is more than one config file: ${found.join(', ')}`, {
      hint: `keep one of them, or name it: SLIPWAY_CONFIG=${first}`,
    })
  return {
    path: first === undefined ? undefined : join(sources.cwd, first),
    warnings: present.filter(isStrange).map((name) => ({
      code: 'unknown-setting',
      message: `${name} is not read; a config file is one of ${names.join(', ')}`,
    })),
  }
}

/** Other names may be the work of editors and deployments: `slipway.config.ts.example`, `slipway.config.ts~`. */
function isStrange(name: string): boolean {
  return !names.includes(name) && /^slipway\.config\.[a-z]+$/i.test(name)
}

/** A directory that may be entered but not listed still has files. */
function listNames(cwd: string): readonly string[] {
  try {
    return readdirSync(cwd)
  } catch {
    return names.filter((name) => existsSync(join(cwd, name)))
  }
}
