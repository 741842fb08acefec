/**
 * Where a setting's value comes from: flag > environment > NAME_FILE > .env.<env>.local > .env.<env> > .env >
 * config file.
 */
import { SlipwayError } from '../errors.ts'
import { type ConfigFile, readConfigValue } from './config-file.ts'
import { readSecretFile } from './secret-file.ts'
import { hasFileVariant, type Setting, variablesOf } from './setting.ts'
import { type SettingFlags, type SettingName, settingOf } from './settings.ts'
import type { Found, Source } from './source.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** One place that has variables: the process environment, or one dotenv file. */
export interface Layer {
  /** How messages name it; undefined for the process environment. */
  readonly dotenv: string | undefined
  readonly variables: Environment
}

export interface Sources {
  readonly flags: SettingFlags
  /** Strongest first. */
  readonly layers: readonly Layer[]
  readonly cwd: string
  /** The config file's content; absent while, or where, there is none. */
  readonly file?: ConfigFile | undefined
}

/** A place that has a value for a setting. */
export interface Candidate {
  readonly source: Source
  /** Throws secret-twice, secret-unreadable, bad-setting. */
  read(): Found
}

/**
 * The strongest value of a setting. A setting's own variable found in any layer wins over one it shares with
 * other programs. Empty values count as unset. Throws secret-twice, secret-unreadable, bad-setting.
 */
export function findSetting(name: SettingName, sources: Sources): Found | undefined {
  const [strongest] = findCandidates(name, sources)
  return strongest?.read()
}

/** Every place that has a value, strongest first. Nothing is read but names: a secret's file only by `read`. */
export function* findCandidates(name: SettingName, sources: Sources): Generator<Candidate, void> {
  const setting = settingOf(name)
  const { flags, layers, cwd, file } = sources
  const flag = flags[name]
  if (flag !== undefined) {
    const source = { kind: 'flag', flag: setting.flag } as const
    yield { source, read: () => ({ text: flag, source, base: cwd }) }
  }
  for (const variable of variablesOf(setting))
    for (const layer of layers) yield* variableCandidates(variable, layer, cwd)
  if (file !== undefined && setting.beforeConfigFile !== true) yield* keyCandidates(name, setting, file)
}

function* variableCandidates(variable: string, layer: Layer, cwd: string): Generator<Candidate, void> {
  const text = valueIn(layer, variable)
  const fileVariable = `${variable}_FILE`
  const path = hasFileVariant(variable) ? valueIn(layer, fileVariable) : undefined
  const refuseBoth = () => {
    if (text !== undefined && path !== undefined) throw secretTwice(variable, layer)
  }
  if (text !== undefined) {
    const source = { kind: 'variable', variable, dotenv: layer.dotenv } as const
    const read = () => {
      refuseBoth()
      return { text, source, base: cwd }
    }
    yield { source, read }
  }
  if (path !== undefined) {
    const source = { kind: 'file', variable: fileVariable, path } as const
    const read = () => {
      refuseBoth()
      return { text: readSecretFile({ variable: fileVariable, path, cwd }), source, base: cwd }
    }
    yield { source, read }
  }
}

function secretTwice(variable: string, layer: Layer): SlipwayError {
  const where = layer.dotenv === undefined ? '' : ` in ${layer.dotenv}`
  return new SlipwayError('secret-twice', `both ${variable} and ${variable}_FILE are set${where}`, {
    hint: `unset ${variable} or ${variable}_FILE`,
  })
}

function* keyCandidates(key: SettingName, { type }: Setting, file: ConfigFile): Generator<Candidate, void> {
  const value = Object.hasOwn(file.values, key) ? file.values[key] : undefined
  if (value === undefined || value === '') return
  const source = { kind: 'config', key, file: file.shown } as const
  yield {
    source,
    read: () => ({ text: readConfigValue(type, value, source), source, base: file.folder }),
  }
}

function valueIn(layer: Layer, variable: string): string | undefined {
  const value = Object.hasOwn(layer.variables, variable) ? layer.variables[variable] : undefined
  return value === '' ? undefined : value
}
