/** The row of `down` in the table of verbs. */

export const downVerb = {
  summary: 'revert migrations, newest first',
  details:
    'Shows first what goes and what would be lost with it. Refuses, with 79, to lose data without --allow-data-loss, and to go back in production or on another host without --confirm.',
  flags: [
    {
      flag: 'to',
      type: { kind: 'string', placeholder: 'TARGET' },
      doc: 'Revert everything that was applied after this migration, which stays; base reverts all, -2 the newest two.',
    },
    {
      flag: 'steps',
      type: { kind: 'positive-integer', placeholder: 'N' },
      default: '1',
      doc: 'Revert the newest N migrations. Not together with --to.',
    },
    {
      flag: 'dry-run',
      type: { kind: 'boolean' },
      doc: 'Print what would be reverted and lost, and stop; reads only, takes no lock.',
    },
    { flag: 'json', type: { kind: 'boolean' }, doc: 'Print the result as JSON on stdout.' },
    {
      flag: 'from-history',
      type: { kind: 'boolean' },
      doc: 'Revert what has no file here by the text that history stored, if nobody but its owner can write that.',
    },
    {
      flag: 'backup',
      type: { kind: 'boolean' },
      doc: 'Take a backup into SLIPWAY_BACKUP_DIR first; without it nothing is reverted.',
    },
    {
      flag: 'require-backup',
      type: { kind: 'duration' },
      doc: 'Go on only if the newest file in SLIPWAY_BACKUP_DIR is a backup of this database and not older than that.',
    },
    {
      flag: 'allow-data-loss',
      type: { kind: 'boolean' },
      doc: 'What would be lost may be lost.',
    },
    {
      flag: 'confirm',
      type: { kind: 'string', placeholder: 'DATABASE' },
      doc: 'The name of the database, where the environment is production or the server on another host; a terminal is asked.',
    },
    {
      flag: 'no-safety-checks',
      type: { kind: 'boolean' },
      doc: 'Neither --allow-data-loss nor --confirm is needed.',
    },
  ],
  examples: ['slipway down --dry-run', 'slipway down', 'slipway down --to 20260131120000_create_users'],
} as const
