/** Which measurements are drawn, and how they are named. */
import type { Results, TimedCase } from '../results.ts'
import { casesOf, isSound, ours, rowOf, toolNames } from './find.ts'
import { count } from './markdown.ts'
import { type Dot, drawPlot, type PlotRow } from './plot.ts'

export function drawNoops(results: Results): string {
  const direct = casesOf(results, 'noop', false)
  const delayed = casesOf(results, 'noop', true)
  return drawPlot({
    title: 'Nothing to do: process start to end, median (less is better, logarithmic)',
    panels: direct.map(({ migrations }) => `${count(migrations)} applied`),
    rows: rowsOf(
      results,
      direct.map((one, index) => [one, delayed[index]]),
    ),
    legend: legendOf(results),
  })
}

export function drawApply(results: Results): string {
  const [direct] = casesOf(results, 'apply', false)
  const [delayed] = casesOf(results, 'apply', true)
  const rows = rowsOf(results, [[direct, delayed]]).map((row) => ({
    ...row,
    dots: [...row.dots, startersDots(results, row.label)],
  }))
  const starters = results.starters[0]
  return drawPlot({
    title: 'Applying: process start to end, median (less is better, logarithmic)',
    panels: [
      `${count(direct?.migrations ?? 0)} pending, one process`,
      `${starters?.migrations ?? 0} pending, ${starters?.starters ?? 0} processes, the last one`,
    ],
    rows,
    legend: legendOf(results),
  })
}

function legendOf({ network }: Results): Record<Dot['kind'], string> {
  return { direct: 'direct', delayed: `${network.addedMsEachWay} ms added each way` }
}

type Pair = readonly [direct: TimedCase | undefined, delayed: TimedCase | undefined]

function rowsOf(results: Results, panels: readonly Pair[]): PlotRow[] {
  return toolNames(results)
    .filter((tool) => panels.flat().some((one) => one?.rows.some((row) => row.tool === tool)))
    .map((tool) => ({
      label: tool,
      isOurs: ours.some((name) => name === tool),
      dots: panels.map(([direct, delayed]) =>
        orInstead('failed', [
          ...dot(rowOf(direct, tool)?.medianMs, 'direct'),
          ...dot(rowOf(delayed, tool)?.medianMs, 'delayed'),
        ]),
      ),
    }))
}

function orInstead(text: string, dots: readonly Dot[]): readonly Dot[] | string {
  return dots.length === 0 ? text : dots
}

function dot(ms: number | undefined, kind: Dot['kind']): Dot[] {
  return ms === undefined ? [] : [{ ms, kind }]
}

/** Only of those that did it right: how fast something went wrong is no merit. */
function startersDots({ starters }: Results, tool: string): readonly Dot[] | string {
  const rows = starters.filter((row) => row.tool === tool)
  if (rows.length === 0) return ''
  const dots = rows.filter(isSound).flatMap((row) => dot(row.wallMs, row.delayed ? 'delayed' : 'direct'))
  return orInstead('went wrong, see below', dots)
}
