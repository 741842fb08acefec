/** Settings that are given and mean nothing to this kind of database: told, so that nobody relies on them. */
import type { Run } from './run.ts'

export function tellWithoutEffect(run: Run): void {
  if (run.dialect.name !== 'sqlite') return
  const { role, grantSelectTo } = run.config
  const given = [
    ...(role === undefined ? [] : ['SLIPWAY_ROLE']),
    ...(grantSelectTo.length === 0 ? [] : ['SLIPWAY_GRANT_SELECT_TO']),
  ]
  for (const name of given)
    run.emit({ type: 'notice', code: 'no-effect', message: `${name} has no effect: SQLite has no roles` })
}
