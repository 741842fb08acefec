/** Columns of text. */
import { padToWidth, textWidth } from './text-width.ts'

/** Rows as lines, columns two spaces apart and as wide as their widest cell, no blanks at the end. Cells may be painted. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, textWidth(cell))
  return rows.map((row) => joinCells(row, widths))
}

function joinCells(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => padToWidth(cell, widths[column] ?? 0))
    .join('  ')
    .trimEnd()
}
