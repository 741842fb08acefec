/** The name people call a database by. */
export function dialectLabel(dialect: string): string {
  if (dialect === 'postgres') return 'PostgreSQL'
  return dialect === 'sqlite' ? 'SQLite' : dialect
}
