/** Which of the tables of other tools is meant. Pure. */
import { SlipwayError } from '../../errors.ts'
import { shellFlag } from '../shell.ts'
import type { ForeignTool } from './names.ts'
import { labelOf, lockTableOf, recogniseColumns } from './tools.ts'

export interface TableShape {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly unknown[]
}

export interface SourceRequest {
  readonly from: ForeignTool | undefined
  /** What --from-table says. */
  readonly table: { readonly schema?: string; readonly name: string } | undefined
  readonly historySchema: string | undefined
  /** For messages. */
  readonly database: string
}

export interface Source<T extends TableShape> {
  readonly tool: ForeignTool
  readonly table: T
  readonly lockTable: T | undefined
}

/** Throws foreign-missing and foreign-ambiguous. */
export function chooseSource<T extends TableShape>(tables: readonly T[], request: SourceRequest): Source<T> {
  const inReach = tables.filter((table) => isNamed(table, request))
  const all = inReach.flatMap((table) => {
    const tool = recogniseColumns(table.columns)
    return tool === undefined ? [] : [{ tool, table }]
  })
  const fitting = all.filter(({ tool }) => request.from === undefined || tool === request.from)
  if (fitting.length === 0) throw missing(all, inReach, request)
  const chosen = narrow(fitting, request)
  const [first, second] = chosen
  if (first === undefined || second !== undefined) throw ambiguous(chosen, request)
  const lock = lockTableOf(first.tool, first.table.name)
  return {
    ...first,
    lockTable: tables.find(({ schema, name }) => schema === first.table.schema && name === lock),
  }
}

function isNamed({ schema, name }: TableShape, { table }: SourceRequest): boolean {
  if (table === undefined) return true
  const isName = name.toLowerCase() === table.name.toLowerCase()
  return isName && (table.schema === undefined || schema.toLowerCase() === table.schema.toLowerCase())
}

/** Those that hold something, then those where the history is, if that leaves any. */
function narrow<T extends { readonly table: TableShape }>(
  found: readonly T[],
  request: SourceRequest,
): readonly T[] {
  const filled = found.filter(({ table }) => table.rows.length > 0)
  const left = filled.length > 0 ? filled : found
  const near = left.filter(
    ({ table }) => table.schema === request.historySchema || table.schema === 'drizzle',
  )
  return near.length > 0 ? near : left
}

function missing(
  others: readonly { readonly tool: ForeignTool; readonly table: TableShape }[],
  named: readonly TableShape[],
  { from, table, database }: SourceRequest,
): SlipwayError {
  const [odd] = named
  const whose = from === undefined ? 'another tool that slipway knows' : labelOf(from)
  if (table !== undefined && odd !== undefined)
    return new SlipwayError(
      'foreign-missing',
      `${odd.schema}.${odd.name} has the columns ${odd.columns.join(', ')}, which are not those of ${whose}`,
      { hint: 'name the right table: slipway adopt --from-table NAME' },
    )
  const where = table === undefined ? '' : ` called ${table.name}`
  const rest = others.map(({ tool, table: other }) => `${labelOf(tool)} has ${other.schema}.${other.name}`)
  return new SlipwayError(
    'foreign-missing',
    `${database} holds no history${where} of ${whose}${rest.length === 0 ? '' : `; ${rest.join(', ')}`}`,
    rest.length === 0 ? {} : { hint: `slipway adopt --from ${others[0]?.tool}` },
  )
}

function ambiguous(
  found: readonly { readonly tool: ForeignTool; readonly table: TableShape }[],
  { database }: SourceRequest,
): SlipwayError {
  const list = found.map(({ tool, table }) => `${table.schema}.${table.name} of ${labelOf(tool)}`)
  const tools = [...new Set(found.map(({ tool }) => tool))]
  const commands =
    tools.length > 1
      ? tools.map((tool) => `slipway adopt --from ${tool}`)
      : found.map(({ table }) => `slipway adopt ${shellFlag('from-table', `${table.schema}.${table.name}`)}`)
  return new SlipwayError('foreign-ambiguous', `${database} holds ${list.join(' and ')}`, {
    hint: commands.join(', or '),
  })
}
