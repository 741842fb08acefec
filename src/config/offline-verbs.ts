/** The rows of `sql` and `roundtrip` in the table of verbs, and what `up` has of the kind. */

export const rehearseFlag = {
  flag: 'rehearse',
  type: { kind: 'boolean' },
  doc: 'Run it on a copy of the database with its data, and print time and locks of each statement; the database itself is only read.',
} as const

export const sqlVerb = {
  summary: 'print the SQL that up or down would run, for somebody else to run',
  details:
    'Replays the migrations into a scratch database and prints every statement they send, TypeScript included, with the history rows, in the transactions of up. The target is only read; with --from it is not needed at all.',
  flags: [
    {
      flag: 'from',
      type: { kind: 'string', placeholder: 'TARGET' },
      doc: 'What the database is taken to have: everything up to this migration; base is nothing. Without it, the database is asked.',
    },
    {
      flag: 'to',
      type: { kind: 'string', placeholder: 'TARGET' },
      doc: 'The last one to run, head without it; with --down, the one that stays.',
    },
    { flag: 'down', type: { kind: 'boolean' }, doc: 'The way back; one migration unless --to says more.' },
  ],
  examples: ['slipway sql', 'slipway sql --from base --to head', 'slipway sql --down --to base'],
} as const

export const roundtripVerb = {
  summary: 'try up, down and up again in a scratch database',
  details:
    'Each pending migration, or each of all: what down leaves must be the schema from before, and what up makes then the same as the first time. Exits with 80 where it is not. The target is only read; with --all it is not needed at all.',
  flags: [
    {
      flag: 'all',
      type: { kind: 'boolean' },
      doc: 'Every migration of the folder, applied or not.',
    },
    { flag: 'json', type: { kind: 'boolean' }, doc: 'Print the result as JSON on stdout.' },
  ],
  examples: ['slipway roundtrip', 'slipway roundtrip --all'],
} as const
