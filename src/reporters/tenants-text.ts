/** `status`, `verify` and `up --dry-run` of many tenants, for a person: one line each. Pure; the caller redacts and writes. */
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import { oneLine } from '../text/visible-text.ts'
import { countOf, listNames } from './count-of.ts'
import { countStates } from './count-states.ts'
import { createPaint, type Paint, type Tone } from './paint.ts'
import { nextLine } from './pretty-error.ts'
import { joinGroups } from './result-lines.ts'
import type { PlanResult, StatusResult, TextOptions, VerifyResult } from './results.ts'
import { tableLines } from './table.ts'

/** What was asked, and what each one said. */
export interface Answers<Answer> {
  readonly answers: readonly { readonly tenant: string; readonly answer: Answer | SlipwayError }[]
  /** How many there are in all shards. */
  readonly all: number
  readonly error: SlipwayError | undefined
}

interface Line {
  readonly kind: 'good' | 'pending' | 'bad'
  readonly text: string
}

const signs: Record<Line['kind'], { readonly sign: string; readonly tone: Tone }> = {
  good: { sign: '✓', tone: 'good' },
  pending: { sign: '○', tone: 'strong' },
  bad: { sign: '✗', tone: 'bad' },
}

/** Beyond this those with whom all is well are only counted. */
const mostGood = 20

export function statusAllText(given: Answers<StatusResult>, options: TextOptions): string {
  return tenantsText(given, describeStatus, { ...options, done: 'up to date' })
}

export function verifyAllText(given: Answers<VerifyResult>, options: TextOptions): string {
  return tenantsText(given, describeVerified, { ...options, done: 'verified' })
}

export function planAllText(given: Answers<PlanResult>, options: TextOptions): string {
  const text = tenantsText(given, describePlan, { ...options, done: 'up to date' })
  return `${text}\ndry run: nothing was changed\n`
}

function tenantsText<Answer>(
  { answers, all, error }: Answers<Answer>,
  describe: (answer: Answer) => Line,
  { colors, done }: TextOptions & { readonly done: string },
): string {
  const paint = createPaint(colors)
  const rows = answers.map(({ tenant, answer }) => ({
    tenant,
    line: isSlipwayError(answer) ? describeError(answer) : describe(answer),
  }))
  const count = (kind: Line['kind']) => rows.filter(({ line }) => line.kind === kind).length
  const good = count('good')
  const shown = good > mostGood ? rows.filter(({ line }) => line.kind !== 'good') : rows
  const others = all === rows.length ? '' : ` of ${all}, the rest are in other shards`
  const counts = `${good} ${done}, ${count('pending')} with pending migrations, ${count('bad')} with trouble`
  return joinGroups([
    [`${countOf(rows.length, 'tenant')}${others}: ${counts}`],
    tableLines(shown.map(({ tenant, line }) => cells(tenant, line, paint))),
    error === undefined ? [] : [nextLine(error.hint, { paint, redact: (text) => text, debug: false })],
  ])
}

function cells(tenant: string, { kind, text }: Line, paint: Paint): string[] {
  const { sign, tone } = signs[kind]
  return [`${paint(tone, sign)} ${oneLine(tenant, 100)}`, text]
}

function describeError(error: SlipwayError): Line {
  return { kind: 'bad', text: oneLine(error.message, 200) }
}

function describeStatus({ migrations, refusals, current }: StatusResult): Line {
  const [refusal] = refusals
  if (refusal !== undefined) return describeError(refusal)
  const { pending, late, unfinished, ahead } = countStates(migrations)
  const newer = ahead === 0 ? '' : `, ${ahead} ahead of this image`
  const left = pending + late + unfinished
  const at = `at ${current ?? 'nothing yet'}${newer}`
  return left === 0 ? { kind: 'good', text: at } : { kind: 'pending', text: `${left} pending, ${at}` }
}

function describeVerified({ refusals, checked, pending }: VerifyResult): Line {
  const [refusal] = refusals
  if (refusal !== undefined) return describeError(refusal)
  const text = `${countOf(checked, 'applied file')} hashed`
  return pending.length === 0
    ? { kind: 'good', text }
    : { kind: 'pending', text: `${text}, ${pending.length} pending` }
}

function describePlan({ steps, applied }: PlanResult): Line {
  if (steps.length === 0) return { kind: 'good', text: `up to date: ${applied} applied` }
  const names = listNames(
    steps.map(({ name }) => name),
    3,
  )
  return { kind: 'pending', text: `${steps.length} to run: ${names}` }
}
