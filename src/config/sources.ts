/** Where a setting's value comes from: flag > environment > NAME_FILE > .env.<env>.local > .env.<env> > .env. */
import { SlipwayError } from '../errors.ts'
import { readSecretFile } from './secret-file.ts'
import { hasFileVariant, type SettingFlags, type SettingName, settingOf, variablesOf } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** One place that has variables: the process environment, or one dotenv file. */
export interface Layer {
  /** How messages name it; undefined for the process environment. */
  readonly dotenv: string | undefined
  readonly variables: Environment
}

export type Source =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'variable'; readonly variable: string; readonly dotenv: string | undefined }
  | { readonly kind: 'file'; readonly variable: string; readonly path: string }

export interface Found {
  readonly text: string
  readonly source: Source
}

export interface Sources {
  readonly flags: SettingFlags
  /** Strongest first. */
  readonly layers: readonly Layer[]
  readonly cwd: string
}

/**
 * The strongest value of a setting. A setting's own variable found in any layer wins over one it shares with
 * other programs. Empty variables count as unset. Throws secret-twice, secret-unreadable.
 */
export function findSetting(name: SettingName, sources: Sources): Found | undefined {
  const setting = settingOf(name)
  const flag = sources.flags[name]
  if (flag !== undefined) return { text: flag, source: { kind: 'flag', flag: setting.flag } }
  for (const variable of variablesOf(setting)) {
    for (const layer of sources.layers) {
      const found = findVariable(variable, layer, sources.cwd)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Names a source for messages: `--dir`, `SLIPWAY_DIR`, `SLIPWAY_DIR in .env`, `SLIPWAY_DIR_FILE (/run/x)`. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'flag':
      return `--${source.flag}`
    case 'variable':
      return source.dotenv === undefined ? source.variable : `${source.variable} in ${source.dotenv}`
    case 'file':
      return `${source.variable} (${source.path})`
  }
}

function findVariable(variable: string, layer: Layer, cwd: string): Found | undefined {
  const text = valueIn(layer, variable)
  const fileVariable = `${variable}_FILE`
  const path = hasFileVariant(variable) ? valueIn(layer, fileVariable) : undefined
  if (text !== undefined && path !== undefined) {
    const where = layer.dotenv === undefined ? '' : ` in ${layer.dotenv}`
    throw new SlipwayError('secret-twice', `both ${variable} and ${fileVariable} are set${where}`, {
      hint: `unset ${variable} or ${fileVariable}`,
    })
  }
  if (text !== undefined) return { text, source: { kind: 'variable', variable, dotenv: layer.dotenv } }
  if (path === undefined) return undefined
  return {
    text: readSecretFile({ variable: fileVariable, path, cwd }),
    source: { kind: 'file', variable: fileVariable, path },
  }
}

function valueIn(layer: Layer, variable: string): string | undefined {
  const value = Object.hasOwn(layer.variables, variable) ? layer.variables[variable] : undefined
  return value === '' ? undefined : value
}
