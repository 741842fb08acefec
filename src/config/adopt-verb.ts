/** The row of `adopt` in the table of verbs. */
import { foreignTools } from '../plan/adopt/names.ts'
import type { VerbSpec } from './verbs.ts'

export const adoptVerb = {
  summary: "take over another tool's history",
  details:
    'Finds the history of dbmate, golang-migrate, goose, Flyway, node-pg-migrate, Knex, Kysely, Prisma, Drizzle or Alembic, shows which row is which file, and records the same migrations as applied, without running them. Asks first, or wants --yes. See docs/coming-from.md.',
  flags: [
    {
      flag: 'from',
      type: { kind: 'choice', values: foreignTools },
      doc: 'Whose history; needed only where there are several.',
    },
    {
      flag: 'from-table',
      type: { kind: 'string', placeholder: 'NAME' },
      doc: "Another name of that tool's table than its usual one: NAME or SCHEMA.NAME.",
    },
    {
      flag: 'convert',
      type: { kind: 'boolean' },
      doc: "Write files of that tool's own form anew in slipway's, and move what cannot be run here to old/; the originals are kept there.",
    },
    {
      flag: 'dry-run',
      type: { kind: 'boolean' },
      doc: 'Print which row is which file and stop; reads only, takes no lock.',
    },
    { flag: 'json', type: { kind: 'boolean' }, doc: 'Print the result as JSON on stdout.' },
    {
      flag: 'yes',
      type: { kind: 'boolean' },
      doc: 'Go on without asking. Needed where nobody can be asked, as in a pipe.',
    },
  ],
  examples: ['slipway adopt --dry-run', 'slipway adopt --from goose --convert --yes'],
} as const satisfies VerbSpec
