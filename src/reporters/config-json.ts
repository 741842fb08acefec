/** `slipway config --json`. Field names are stable; fields may be added. */
import { variablesOf } from '../config/setting.ts'
import { settingOf } from '../config/settings.ts'
import { describeSource, type Source } from '../config/source.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import type { ConfigResult, ResultWarning } from './results.ts'

export interface ConfigJson {
  readonly ok: boolean
  /** Files that were read, strongest first. */
  readonly files: readonly string[]
  readonly settings: readonly {
    readonly name: string
    readonly flag: string
    readonly variables: readonly string[]
    /** As it would be written in a variable, without a secret; null where there is none. */
    readonly value: string | null
    /** Empty: a default, or not set. */
    readonly from: readonly SourceJson[]
    readonly lost: readonly SourceJson[]
    readonly problem: ErrorFields | null
  }[]
  readonly problems: readonly ErrorFields[]
  readonly warnings: readonly ResultWarning[]
}

interface SourceJson {
  readonly kind: Source['kind']
  /** In words. */
  readonly text: string
}

export function configJson({ files, settings, problems, warnings }: ConfigResult): ConfigJson {
  return {
    ok: problems.length === 0,
    files,
    settings: settings.map(({ name, value, from, lost, problem }) => ({
      name,
      flag: `--${settingOf(name).flag}`,
      variables: variablesOf(settingOf(name)),
      value: value ?? null,
      from: from.map(toJson),
      lost: lost.map(toJson),
      problem: problem === undefined ? null : toErrorFields(problem, { stack: false }),
    })),
    problems: problems.map((problem) => toErrorFields(problem, { stack: false })),
    warnings,
  }
}

function toJson(source: Source): SourceJson {
  return { kind: source.kind, text: describeSource(source) }
}
