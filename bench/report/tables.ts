/** The measurements as tables. */
import type { Results, StartersRow, TimedCase } from '../results.ts'
import { casesOf, isSound, ratioTo, rowOf, toolNames } from './find.ts'
import { code, count, duration, table, times } from './markdown.ts'

/** One column for each size, each cell the median and its ratio to a bare `node`. */
export function renderNoops(results: Results, delayed: boolean): string {
  const cases = casesOf(results, 'noop', delayed)
  const largest = cases.at(-1)
  const rows = toolNames(results)
    .filter((tool) => cases.some((one) => one.rows.some((row) => row.tool === tool)))
    .map((tool) => [
      tool,
      ...cases.map((one) => cell(one, tool, 'node -e 0')),
      cpu(cases[1] ?? cases[0], tool),
      spread(largest, tool),
    ])
  const sizes = cases.map(({ migrations }) => count(migrations))
  return table(['', ...sizes, `CPU at ${sizes[1] ?? sizes[0]}`, `from … to, at ${sizes.at(-1) ?? ''}`], rows)
}

export function renderApply(results: Results): string {
  const [direct] = casesOf(results, 'apply', false)
  const [delayed] = casesOf(results, 'apply', true)
  const rows = toolNames(results)
    .filter((tool) => direct?.rows.some((row) => row.tool === tool))
    .map((tool) => [
      tool,
      cell(direct, tool, 'psql'),
      cpu(direct, tool),
      spread(direct, tool),
      cell(delayed, tool, 'psql'),
      spread(delayed, tool),
    ])
  return table(['', 'direct', 'CPU', 'from … to', '2 ms added each way', 'from … to'], rows)
}

function cell(one: TimedCase | undefined, tool: string, floor: string): string {
  const row = one?.rows.find((candidate) => candidate.tool === tool)
  if (row === undefined) return '–'
  if (row.failed !== undefined) return `failed: ${code(row.failed)}`
  const ratio = ratioTo(one, tool, floor)
  return `${duration(row.medianMs)}${ratio === undefined || tool === floor ? '' : ` (${times(ratio)})`}`
}

function cpu(one: TimedCase | undefined, tool: string): string {
  const row = rowOf(one, tool)
  return row === undefined ? '–' : duration(row.medianCpuMs)
}

function spread(one: TimedCase | undefined, tool: string): string {
  const row = rowOf(one, tool)
  return row === undefined ? '–' : `${duration(row.minMs)} … ${duration(row.maxMs)}`
}

export function renderStarters(results: Results, delayed: boolean): string {
  const rows = results.starters
    .filter((row) => row.delayed === delayed)
    .map((row) => [
      row.tool,
      exits(row),
      count(row.effects.once),
      count(row.effects.missing),
      count(row.effects.doubled),
      row.again === '0' ? '0' : `**${row.again}**`,
      duration(row.wallMs),
    ])
  return table(
    ['', 'exit codes', 'applied once', 'not at all', 'twice or more', 'run again', 'last one ended'],
    rows,
  )
}

function exits({ exits: codes, starters }: StartersRow): string {
  if (codes['0'] === starters) return `${starters} × 0`
  return Object.entries(codes)
    .map(([exit, number]) => (exit === '0' ? `${number} × 0` : `**${number} × ${exit}**`))
    .join(', ')
}

/** What went wrong where many started at once, in the programs' own words. */
export function renderFaults(results: Results): string[] {
  const faulty = results.starters.filter((row) => !isSound(row))
  if (faulty.length === 0) return ['Nothing: every program that took part exited 0 and did everything once.']
  return faulty.map((row) => {
    const way = row.delayed ? ', 2 ms added' : ''
    return `- **${row.tool}**${way}: ${[...faultsOf(row)].join('; ')}.${quote(row)}`
  })
}

function* faultsOf({ starters, exits: codes, effects, again, migrations }: StartersRow): Generator<string> {
  const failed = starters - (codes['0'] ?? 0) - (codes.killed ?? 0)
  if (failed > 0) yield `${failed} of ${starters} exit with an error`
  if (codes.killed !== undefined) yield `${codes.killed} had not ended at the deadline and were killed`
  if (effects.doubled > 0) yield `${effects.doubled} of ${migrations} migrations ran more than once`
  if (effects.missing > 0) yield `${effects.missing} of ${migrations} migrations were not applied`
  if (again !== '0') yield `one more run afterwards: ${again === 'killed' ? 'killed' : `exit ${again}`}`
}

function quote({ errors }: StartersRow): string {
  return errors.length === 0 ? '' : ` ${errors.map(code).join(', ')}`
}
