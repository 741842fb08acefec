/** What is sent around an operation outside a transaction, as it is told to whoever listens; see whole.ts. */
export const shieldFrame = {
  off: 'pragma foreign_keys = off',
  begin: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
  on: 'pragma foreign_keys = on',
} as const
