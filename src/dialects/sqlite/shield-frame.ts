/** How a rebuild outside a transaction begins and ends, as it is told to whoever listens; see foreign-keys.ts. */
export const shieldFrame = {
  off: 'pragma foreign_keys = off',
  begin: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
  on: 'pragma foreign_keys = on',
} as const
