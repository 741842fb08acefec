/**
 * THE table of what a template can be told: the flags of `slipway new`, the keys of renderTemplate, help and
 * docs/templates.md come from it. Data alone, since every start reads the flags.
 */

export interface ParameterSpec {
  /** A list is a flag that may be given more than once. */
  readonly kind: 'text' | 'list' | 'boolean'
  readonly placeholder?: string
  readonly doc: string
}

export const templateParameters = {
  table: {
    kind: 'text',
    placeholder: 'TABLE',
    doc: 'The table: name, schema.name, or "odd.name" in double quotes.',
  },
  column: {
    kind: 'list',
    placeholder: 'COLUMN',
    doc: 'A column, repeated for several: its name, and where it is made NAME:TYPE and what docs/templates.md lists, such as email:text:not-null:default=none.',
  },
  to: { kind: 'text', placeholder: 'NAME', doc: 'The new name of a column.' },
  phase: {
    kind: 'text',
    placeholder: 'PHASE',
    doc: 'rename-column: expand (the default) is what the running app survives, contract what ends the old name, all is both.',
  },
  references: {
    kind: 'text',
    placeholder: 'TABLE.COLUMN',
    doc: 'What a foreign key refers to; of several columns TABLE.COLUMN,COLUMN.',
  },
  onDelete: {
    kind: 'text',
    placeholder: 'ACTION',
    doc: 'What becomes of rows whose row is deleted: no-action, restrict, cascade, set-null or set-default.',
  },
  onUpdate: { kind: 'text', placeholder: 'ACTION', doc: 'The same where the key of that row changes.' },
  unique: { kind: 'boolean', doc: 'add-index: no two rows alike.' },
  where: {
    kind: 'text',
    placeholder: 'CONDITION',
    doc: 'Only rows that meet this condition, in SQL.',
  },
  using: { kind: 'text', placeholder: 'METHOD', doc: 'add-index: gin, gist, hash … (PostgreSQL).' },
  check: { kind: 'text', placeholder: 'CONDITION', doc: 'What every row has to meet, in SQL.' },
  constraint: {
    kind: 'text',
    placeholder: 'NAME',
    doc: 'The name of the constraint or index; without it, the one that PostgreSQL would give.',
  },
  enum: { kind: 'text', placeholder: 'NAME', doc: 'The name of an enum.' },
  value: { kind: 'list', placeholder: 'VALUE', doc: 'A value of the enum; repeated, in their order.' },
  set: {
    kind: 'text',
    placeholder: 'ASSIGNMENTS',
    doc: 'What changes in each row, as SQL after set: plan = lower(plan).',
  },
  undo: {
    kind: 'text',
    placeholder: 'ASSIGNMENTS',
    doc: 'The same for the way back; may end with a where of its own.',
  },
  was: {
    kind: 'list',
    placeholder: 'COLUMN',
    doc: 'recreate-table: a column as it is now, repeated; makes the way back.',
  },
  timestamps: { kind: 'boolean', doc: 'create-table: created_at and updated_at.' },
  softDelete: { kind: 'boolean', doc: 'create-table: deleted_at, empty while the row lives.' },
  comment: {
    kind: 'text',
    placeholder: 'TEXT',
    doc: 'create-table: what the table is for, kept in the database.',
  },
} as const satisfies Record<string, ParameterSpec>

export type ParameterName = keyof typeof templateParameters

export const parameterNames = Object.keys(templateParameters) as readonly ParameterName[]

/** The row in its general shape. */
export function parameterSpec(name: ParameterName): ParameterSpec {
  return templateParameters[name]
}

/** What is given, by the names of the table. */
export type TemplateArguments = {
  readonly [Name in ParameterName]?:
    | ((typeof templateParameters)[Name]['kind'] extends 'boolean'
        ? boolean
        : (typeof templateParameters)[Name]['kind'] extends 'list'
          ? readonly string[]
          : string)
    | undefined
}

/** `onDelete` → `on-delete`. */
export function flagOfParameter(name: ParameterName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** As rows of the table of verbs. */
export const parameterFlags = parameterNames.map((name) => {
  const { kind, placeholder = '', doc } = parameterSpec(name)
  const flag = flagOfParameter(name)
  if (kind === 'boolean') return { flag, type: { kind }, doc } as const
  const type = { kind: 'string', placeholder } as const
  return kind === 'list' ? ({ flag, type, doc, repeated: true } as const) : ({ flag, type, doc } as const)
})
