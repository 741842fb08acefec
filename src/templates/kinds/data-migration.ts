import { readFragment } from '../fragment.ts'
import { readTable } from '../names.ts'
import type { Asked, SqlStep, Template } from '../template.ts'
import { query } from '../typescript.ts'

export const dataMigration: Template = {
  name: 'data-migration',
  summary: 'a change of rows, in one transaction',
  details:
    'For as many rows as can be locked at once, thousands rather than millions; for more there is backfill. `--undo` may end with a where of its own; without it there is no way back.',
  required: ['table', 'set'],
  optional: ['where', 'undo'],
  example: {
    table: 'users',
    set: "plan = 'free'",
    where: 'plan is null',
    undo: "plan = null where plan = 'free'",
  },
  typescript(asked) {
    const { up, down } = read(asked)
    const step = { about: about(down), up: { uses: ['sql'], lines: query(up) } }
    return [down === undefined ? step : { ...step, down: { uses: ['sql'], lines: query(down) } }]
  },
  sql: { postgres: inSql, sqlite: inSql },
}

function inSql(asked: Asked): SqlStep[] {
  const { up, down } = read(asked)
  const step = { about: about(down), up: [up.join('\n')] }
  return [down === undefined ? step : { ...step, down: [down.join('\n')] }]
}

function about(down: readonly string[] | undefined): string[] {
  return down === undefined
    ? ['There is no way back: slipway refuses to revert this, and what came before it.']
    : []
}

function read(asked: Asked) {
  const update = `update ${readTable(asked).sql}`
  const where = readFragment(asked, 'where')
  const undo = readFragment(asked, 'undo')
  const up = [update, `set ${readFragment(asked, 'set')}`, ...(where === undefined ? [] : [`where ${where}`])]
  return { up, down: undo === undefined ? undefined : [update, `set ${undo}`] }
}
