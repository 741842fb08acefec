/** Which measurements are drawn, and how they are named. */
import type { Results, TimedCase } from '../results.ts'
import { casesOf, ours, rowOf, toolNames } from './find.ts'
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
    .filter((tool) => panels.some(([direct]) => direct?.rows.some((row) => row.tool === tool)))
    .map((tool) => ({
      label: tool,
      isOurs: ours.some((name) => name === tool),
      dots: panels.map(([direct, delayed]) => [
        ...dot(rowOf(direct, tool)?.medianMs, 'direct'),
        ...dot(rowOf(delayed, tool)?.medianMs, 'delayed'),
      ]),
    }))
}

function dot(ms: number | undefined, kind: Dot['kind']): Dot[] {
  return ms === undefined ? [] : [{ ms, kind }]
}

/** Only of those that did it right: how fast something went wrong is no merit. */
function startersDots({ starters }: Results, tool: string): Dot[] {
  return [false, true].flatMap((delayed) => {
    const row = starters.find((one) => one.tool === tool && one.delayed === delayed)
    const isRight = row !== undefined && row.exits['0'] === row.starters && row.effects.doubled === 0
    return isRight ? dot(row.wallMs, delayed ? 'delayed' : 'direct') : []
  })
}
