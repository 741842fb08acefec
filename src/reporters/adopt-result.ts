/** What `adopt` found, as it is handed to the printers, and as `--json` prints it. */
import type { SlipwayError } from '../errors.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import type { DatabaseFacts, ResultWarning } from './results.ts'

export interface AdoptedFile {
  /** As the other tool calls it; null for a file that it did not apply. */
  readonly row: string | null
  /** Null for a row that no file is. */
  readonly path: string | null
  /** Flyway: the file that reverts it, which shares its fate. */
  readonly undo: string | null
  /** In history. */
  readonly name: string | null
  /** `missing`: no file. `none`: neither in history nor to run. */
  readonly action: 'record' | 'recorded' | 'pending' | 'missing' | 'none'
  /** What happens to the file: `convert`, or `move` to old/. */
  readonly change: 'none' | 'convert' | 'move'
  readonly why: string | null
  /** When the other tool applied it, in ISO 8601, where it knows. */
  readonly appliedAt: string | null
}

export interface AdoptResult extends DatabaseFacts {
  /** `dbmate`, `Flyway` … */
  readonly tool: string
  readonly table: string
  readonly movedTo: string | undefined
  readonly files: readonly AdoptedFile[]
  readonly problems: readonly SlipwayError[]
  readonly warnings: readonly ResultWarning[]
}

export function describeAction({ action, change, why, undo }: AdoptedFile): string {
  const both = undo === null ? '' : ` with ${undo}`
  const place = change === 'move' ? `moved to old/${both}${why === null ? '' : ` (${why})`}` : ''
  const form = change === 'convert' ? `converted${both}` : place
  switch (action) {
    case 'record':
      return ['recorded as applied', ...(form === '' ? [] : [form])].join(', ')
    case 'recorded':
      return ['recorded already', ...(form === '' ? [] : [form])].join(', ')
    case 'pending':
      return ['pending: slipway up runs it', ...(form === '' ? [] : [form])].join(', ')
    case 'missing':
      return 'no file'
    case 'none':
      return form === '' ? 'in old/, never runs' : form
  }
}

/** `slipway adopt --json`. Field names are stable; fields may be added. */
export interface AdoptJson extends DatabaseFacts {
  readonly ok: boolean
  readonly tool: string
  readonly table: string
  readonly movedTo: string | null
  readonly files: readonly AdoptedFile[]
  readonly problems: readonly ErrorFields[]
  readonly warnings: readonly ResultWarning[]
}

export function adoptJson(result: AdoptResult): AdoptJson {
  const { movedTo, problems, ...rest } = result
  return {
    ...rest,
    ok: problems.length === 0,
    movedTo: movedTo ?? null,
    problems: problems.map((problem) => toErrorFields(problem, { stack: false })),
  }
}
