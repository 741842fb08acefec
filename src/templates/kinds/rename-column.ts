import { nearest } from '../../plan/nearest.ts'
import { bareName } from '../../sql/bare-name.ts'
import { type Column, readColumns } from '../column.ts'
import { columnSpec } from '../column-script.ts'
import { checkName, quoteForFlag, readTable } from '../names.ts'
import { dropSync, makeSync, type Renaming } from '../rename-sync.ts'
import type { Asked, ScriptStep, Template, Unavailable } from '../template.ts'
import { call, object, query } from '../typescript.ts'

const phases = ['expand', 'contract', 'all'] as const

export const renameColumn: Template = {
  name: 'rename-column',
  summary: 'another name for a column, while the app goes on',
  details:
    'The running app knows the old name and the next one the new, so both are there for a time and triggers keep them equal. Phase `expand` (what is written without `--phase`) makes the new column and fills it, in two files. Deploy the app that uses the new name alone; then write phase `contract`, which drops the old one. `--column` is the column as it is defined now; indexes and constraints of it are not carried over. On SQLite a `not-null` is put off until the second phase, and the migration asks the database what tells one row of the table from another. Where nothing runs meanwhile, `op.renameColumn` does it in one.',
  required: ['table', 'column', 'to'],
  optional: ['phase'],
  example: { table: 'users', column: ['name:text'], to: 'full_name' },
  typescript(asked) {
    const renaming = read(asked)
    const phase = readPhase(asked)
    return [
      ...(phase === 'contract' ? [] : [expand(asked, renaming), fill(renaming)]),
      ...(phase === 'expand' ? [] : contract(renaming)),
    ]
  },
  sql: { postgres: unavailable(), sqlite: unavailable() },
}

function unavailable(): Unavailable {
  return {
    why: 'it fills the new column in batches, which SQL has not',
    instead: 'leave out --sql; or, where no app runs meanwhile: alter table … rename column',
  }
}

function expand(asked: Asked, renaming: Renaming): ScriptStep {
  const { table, column, to } = renaming
  return {
    suffix: '1_expand',
    about: [
      'Step 1: the new column, and triggers that keep it equal to the old one, whichever of them an app writes.',
      'When no app uses the old name any more:',
      asked.command({ name: `${asked.slug}_contract`, phase: 'contract' }),
    ],
    up: {
      uses: ['dialect', 'op', 'sql'],
      lines: [
        ...call('await op.addColumn', [table.text, to, column.type]),
        ...onSqlite(column, [
          call('await op.alterColumn', [table.text, column.name, object({ nullable: true })]),
        ]),
        ...makeSync(renaming),
      ],
    },
    down: {
      uses: ['dialect', 'op', 'sql'],
      lines: [
        ...dropSync(renaming),
        ...onSqlite(column, [
          call('await op.alterColumn', [table.text, column.name, object({ nullable: false })]),
        ]),
        ...call('await op.dropColumn', [table.text, to]),
      ],
    },
  }
}

/** A trigger of SQLite cannot fill a column before the row is checked. */
function onSqlite({ notNull }: Column, calls: readonly string[][]): string[] {
  return notNull ? calls.flatMap((lines) => `if (dialect === 'sqlite') ${lines.join('\n')}`) : []
}

function fill({ table, column, to }: Renaming): ScriptStep {
  const [from, fresh] = [bareName(column.name), bareName(to)]
  const options = object({
    table: table.text,
    set: `${fresh} = ${from}`,
    where: `${fresh} is null and ${from} is not null`,
  })
  return {
    suffix: '2_fill',
    about: ['Step 2: the rows that were there before the triggers, in batches.'],
    options: { transaction: false, resumable: true },
    up: { uses: ['backfill'], lines: call('await backfill', [options]) },
    down: { nothing: 'The new column goes with step 1.' },
  }
}

function contract(renaming: Renaming): ScriptStep[] {
  const { table, column, to } = renaming
  const notNull: ScriptStep = {
    suffix: '3_not_null',
    about: ['Step 3: the new column is as strict as the old one.'],
    options: { transaction: false, resumable: true },
    up: { uses: ['setNotNull'], lines: call('await setNotNull', [table.text, to]) },
    down: { uses: ['op'], lines: call('await op.alterColumn', [table.text, to, object({ nullable: true })]) },
  }
  return [...(column.notNull ? [notNull] : []), dropOld(renaming)]
}

function dropOld(renaming: Renaming): ScriptStep {
  const { table, column, to } = renaming
  const spec = columnSpec(column)
  const value =
    typeof spec === 'object' && spec !== null && 'fields' in spec
      ? findValue(spec.fields, 'default')
      : undefined
  const strict = call('await op.alterColumn', [table.text, column.name, object({ nullable: false })])
  return {
    suffix: renaming.column.notNull ? '4_contract' : '3_contract',
    about: [
      'Last step: the old name goes. No running app may use it any more.',
      'To keep older images from running against the result: export const options = { breaking: true }',
    ],
    up: {
      uses: ['dialect', 'op', 'sql'],
      lines: [
        ...dropSync(renaming),
        ...call('await op.dropColumn', [table.text, column.name]),
        ...(value === undefined
          ? []
          : call('await op.alterColumn', [table.text, to, object({ default: value })])),
      ],
    },
    down: {
      uses: ['dialect', 'op', 'sql'],
      lines: [
        ...(value === undefined
          ? []
          : call('await op.alterColumn', [table.text, to, object({ default: null })])),
        ...call('await op.addColumn', [table.text, column.name, columnSpec({ ...column, notNull: false })]),
        ...query([`update ${table.sql} set ${bareName(column.name)} = ${bareName(to)}`]),
        ...(column.notNull ? [`if (dialect === 'postgres') ${strict.join('\n')}`] : []),
        ...makeSync(renaming),
      ],
    },
  }
}

function findValue<Value>(entries: readonly (readonly [string, Value])[], key: string): Value | undefined {
  return entries.find(([name]) => name === key)?.[1]
}

function readPhase(asked: Asked): (typeof phases)[number] {
  const text = asked.maybe('phase') ?? 'expand'
  const found = phases.find((phase) => phase === text)
  if (found !== undefined) return found
  throw asked.refuse(`--phase is expand, contract or all, not ${text}`, {
    phase: nearest(text, phases) ?? 'expand',
  })
}

function read(asked: Asked): Renaming {
  const columns = readColumns(asked)
  const [column, second] = columns
  if (column === undefined || second !== undefined)
    throw asked.refuse('it renames one column at a time', { column: asked.list('column').slice(0, 1) })
  const odd = (['primaryKey', 'unique', 'references', 'identity'] as const).find((key) => column[key])
  if (odd !== undefined)
    throw asked.refuse(
      `a key or a reference would not be carried over to ${asked.text('to')}: rename with op.renameColumn while no app runs, or leave the attribute out and add it to the new column yourself`,
      { column: [`${quoteForFlag(column.name)}:${column.type}`] },
    )
  const to = checkName(asked, asked.text('to'), 'to')
  if (to === column.name) throw asked.refuse(`${to} is its name already`, { to: `new_${to}` })
  return { table: readTable(asked), column, to }
}
