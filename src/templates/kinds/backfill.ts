import { readFragment } from '../fragment.ts'
import { readTable } from '../names.ts'
import type { Template, Unavailable } from '../template.ts'
import { call, object } from '../typescript.ts'

export const backfill: Template = {
  name: 'backfill',
  summary: 'a change of many rows, in batches, while the app goes on',
  details:
    'Each batch is a transaction that also writes down how far it came; a run that was killed goes on there. Rows that are made meanwhile have to be right already, by a default or by the app.',
  required: ['table', 'set'],
  optional: ['where'],
  example: { table: 'users', set: 'email_lower = lower(email)', where: 'email_lower is null' },
  typescript(asked) {
    const options = object({
      table: readTable(asked).text,
      set: readFragment(asked, 'set'),
      where: readFragment(asked, 'where'),
    })
    return [
      {
        about: [],
        options: { transaction: false, resumable: true },
        up: { uses: ['backfill'], lines: call('await backfill', [options]) },
        down: { nothing: 'What was filled may stay; the column goes with the migration that added it.' },
      },
    ]
  },
  sql: { postgres: unavailable(), sqlite: unavailable() },
}

function unavailable(): Unavailable {
  return {
    why: 'SQL has no batches: one update would lock every row until it is done',
    instead: 'leave out --sql; or use the template data-migration, if the rows are few',
  }
}
