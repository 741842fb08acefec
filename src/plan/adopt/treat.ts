/** What becomes of each file of another tool: read where it is, written in slipway's form, or put into old/. Pure. */
import { type Converted, convertGoose, convertNodePgMigrate } from '../../sql/foreign-forms.ts'
import { SlipwayError } from '../../errors.ts'
import { hasWayDown, pairSource } from '../checksum.ts'
import type { ForeignFile } from './ledger.ts'
import { type MappedLine, notApplied } from './match.ts'
import type { ForeignTool } from './names.ts'

export interface Treatment {
  readonly line: MappedLine
  /** `move`: into old/, as it is. */
  readonly change: 'none' | 'convert' | 'move'
  /** In slipway's form. */
  readonly text?: string
  /** Why it is converted or moved. */
  readonly why?: string
}

export type Treated = Treatment | { readonly line: MappedLine; readonly problem: SlipwayError }

export function treatLine(line: MappedLine, tool: ForeignTool): Treated {
  const { state, file } = line
  if (file === undefined || file.place === 'old') return { line, change: 'none' }
  if (state === 'repeatable') return { line, change: 'move', why: 'slipway repeats nothing' }
  if (state === 'idle') return { line, change: 'move', why: 'slipway has no use for it' }
  return state === 'applied' ? treatApplied(line, file, tool) : treatPending(line, file, tool)
}

function treatApplied(line: MappedLine, file: ForeignFile, tool: ForeignTool): Treated {
  const why = whyNotRead(file, tool)
  if (why !== undefined) return { line, change: 'move', why }
  const converted = convert(line, file, tool)
  if (converted === undefined) return { line, change: 'none' }
  if (converted.kind === 'obstacle') return { line, change: 'move', why: converted.why }
  return { line, change: 'convert', text: converted.text }
}

/** Scripts of a tool that has its own interface; one of slipway's own may stand beside them. */
function treatPending(line: MappedLine, file: ForeignFile, tool: ForeignTool): Treated {
  if (file.kind === 'other') return { line, problem: notApplied(tool, file) }
  if (file.kind === 'nameless') return { line, problem: misnamed(file, tool) }
  const look = looks[tool]
  if (file.kind === 'script')
    return look?.test(file.text) === true
      ? { line, problem: notApplied(tool, file) }
      : { line, change: 'none' }
  const converted = convert(line, file, tool)
  if (converted === undefined) return { line, change: 'none' }
  if (converted.kind === 'converted') return { line, change: 'convert', text: converted.text }
  return { line, problem: notConverted(file, converted.why) }
}

export function notConverted({ shown }: ForeignFile, why: string): SlipwayError {
  return new SlipwayError('foreign-files', `${shown} cannot be converted: ${why}`, {
    hint: 'correct it by hand, then adopt again',
  })
}

function misnamed({ shown, name }: ForeignFile, tool: ForeignTool): SlipwayError {
  const isUndo = tool === 'flyway' && /^U\d/.test(name)
  const what = isUndo ? 'reverts a version that has no file here' : 'begins with no version'
  return new SlipwayError('misnamed', `${shown} ${what}`)
}

const looks: Partial<Record<ForeignTool, RegExp>> = {
  knex: /\bknex\b/i,
  'node-pg-migrate': /\bpgm\b|\bMigrationBuilder\b|node-pg-migrate/,
  kysely: /\bkysely\b/i,
}

/** What is text of another language, or for another interface, is nothing to go back by. */
export function isOurs({ kind, bases }: ForeignFile, tool: ForeignTool): boolean {
  if (kind === 'script') return looks[tool] === undefined
  return kind === 'sql' || (kind === 'nameless' && bases[0]?.toLowerCase().endsWith('.sql') === true)
}

function whyNotRead({ kind, bases }: ForeignFile, tool: ForeignTool): string | undefined {
  if (kind === 'other') return `slipway runs no ${bases[0]?.split('.').at(-1)} files`
  if (kind === 'script' && looks[tool] !== undefined) return 'slipway has another interface'
  return kind === 'nameless' ? 'its name begins with no version' : undefined
}

function convert({ undo }: MappedLine, file: ForeignFile, tool: ForeignTool): Converted | undefined {
  switch (tool) {
    case 'goose':
      return convertGoose(file.text)
    case 'node-pg-migrate':
      return file.bases.length > 1 ? undefined : convertNodePgMigrate(file.text)
    case 'flyway':
      if (undo === undefined) return undefined
      // A run that was stopped has written the one and not moved the other.
      if (hasWayDown(file.text)) return { kind: 'converted', text: file.text }
      return { kind: 'converted', text: pairSource(file.text, undo.text) }
    default:
      return undefined
  }
}
