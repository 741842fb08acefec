/**
 * A small dot plot as SVG: a line for each tool, a panel for each case, time on a logarithmic scale. It brings its own
 * background, light or dark as the reader's system is, and no font, script or image from elsewhere.
 */
export interface Dot {
  readonly ms: number
  readonly kind: 'direct' | 'delayed'
}

export interface PlotRow {
  readonly label: string
  readonly isOurs: boolean
  /** For each panel its dots, or what is said in their place. */
  readonly dots: readonly (readonly Dot[] | string)[]
}

export interface Plot {
  readonly title: string
  readonly panels: readonly string[]
  readonly rows: readonly PlotRow[]
  readonly legend: Readonly<Record<Dot['kind'], string>>
}

const size = { row: 24, label: 150, panel: 220, gap: 44, top: 64, bottom: 54, side: 16 } as const
const steps = [
  5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
]

const style = `
  .ground { fill: #ffffff } .text { fill: #24292f } .soft { fill: #57606a } .grid { stroke: #d8dee4 }
  .line { stroke: #afb8c1 } .direct { fill: #57606a } .delayed { fill: #ffffff; stroke: #57606a }
  .ours.direct { fill: #0969da } .ours.delayed { fill: #ffffff; stroke: #0969da } .ours.text { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #30363d }
    .line { stroke: #484f58 } .direct { fill: #9198a1 } .delayed { fill: #0d1117; stroke: #9198a1 }
    .ours.direct { fill: #58a6ff } .ours.delayed { fill: #0d1117; stroke: #58a6ff } .ours.text { fill: #58a6ff }
  }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif } .bold { font-weight: 600 }
  .delayed { stroke-width: 1.5 }`

export function drawPlot(plot: Plot): string {
  const { panels, rows, title } = plot
  const width = Math.max(620, leftOf(panels.length) - size.gap + 2 * size.side)
  const height = size.top + rows.length * size.row + size.bottom
  const scales = panels.map((_, panel) => scaleOf(rows.flatMap((row) => dotsOf(row, panel))))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(title)}">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
${text(size.side, 24, title, 'text bold')}
${panels.map((name, panel) => drawPanel(plot, name, panel, scales[panel] ?? { from: 10, to: 1000 })).join('\n')}
${rows.map(drawLabel).join('\n')}
${drawLegend(plot, height)}
</svg>
`
}

function dotsOf({ dots }: PlotRow, panel: number): readonly Dot[] {
  const found = dots[panel] ?? []
  return typeof found === 'string' ? [] : found
}

interface Scale {
  readonly from: number
  readonly to: number
}

/** From one round step to another, with all dots in between. */
function scaleOf(dots: readonly Dot[]): Scale {
  const times = dots.map(({ ms }) => ms)
  const from = steps.findLast((step) => step < Math.min(...times) * 0.95) ?? 1
  const to = steps.find((step) => step > Math.max(...times) * 1.05) ?? 1_000_000
  return { from, to }
}

function leftOf(panel: number): number {
  return size.side + size.label + panel * (size.panel + size.gap)
}

function placeOf(ms: number, { from, to }: Scale, panel: number): number {
  return leftOf(panel) + (Math.log(ms / from) / Math.log(to / from)) * size.panel
}

function drawPanel({ rows }: Plot, name: string, panel: number, scale: Scale): string {
  const bottom = size.top + rows.length * size.row
  const ticks = steps.filter((step) => step >= scale.from && step <= scale.to)
  const isCrowded = ticks.length > 4
  return [
    text(leftOf(panel) + size.panel / 2, 46, name, 'text', 'middle'),
    ...ticks.map((tick) => {
      const x = placeOf(tick, scale, panel).toFixed(1)
      return `<line class="grid" x1="${x}" x2="${x}" y1="${size.top - 8}" y2="${bottom}"/>`
    }),
    ...ticks
      .filter((tick) => !isCrowded || /^1/.test(`${tick}`))
      .map((tick) => text(placeOf(tick, scale, panel), bottom + 16, shortTime(tick), 'soft', 'middle')),
    ...rows.map((row, index) => drawDots(row, index, panel, scale)),
  ].join('\n')
}

function drawDots(row: PlotRow, index: number, panel: number, scale: Scale): string {
  const y = middleOf(index)
  const instead = row.dots[panel]
  if (typeof instead === 'string') return text(leftOf(panel) + 6, y + 4, instead, 'soft')
  const xs = dotsOf(row, panel).map(({ ms, kind }) => ({ kind, x: placeOf(ms, scale, panel) }))
  const [first, last] = [xs[0], xs.at(-1)]
  const line =
    first === undefined || last === undefined
      ? ''
      : `<line class="line" x1="${first.x.toFixed(1)}" x2="${last.x.toFixed(1)}" y1="${y}" y2="${y}"/>`
  const marks = xs.map(
    ({ kind, x }) =>
      `<circle class="${row.isOurs ? 'ours ' : ''}${kind}" cx="${x.toFixed(1)}" cy="${y}" r="5"/>`,
  )
  return [line, ...marks].join('')
}

function drawLabel({ label, isOurs }: PlotRow, index: number): string {
  const style = isOurs ? 'text ours bold' : 'text'
  return text(size.side + size.label - 14, middleOf(index) + 4, label, style, 'end')
}

function drawLegend({ legend }: Plot, height: number): string {
  const y = height - 16
  const entries = (['direct', 'delayed'] as const).map((kind, index) => {
    const x = leftOf(0) + index * 90
    return `<circle class="${kind}" cx="${x + 5}" cy="${y - 4}" r="5"/>${text(x + 16, y, legend[kind], 'soft')}`
  })
  return entries.join('')
}

function middleOf(index: number): number {
  return size.top + index * size.row + size.row / 2
}

function shortTime(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`
}

function text(x: number, y: number, content: string, style: string, anchor = 'start'): string {
  return `<text class="${style}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeText(content)}</text>`
}

function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
