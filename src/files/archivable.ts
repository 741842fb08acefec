/** Files of other tools' migrations in languages that slipway does not run: in old/ they count by their names. */

const languages = new Set(['py', 'go', 'java', 'kt', 'rb', 'php', 'cs', 'mts', 'cts'])

export function isArchivable(name: string): boolean {
  return languages.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase())
}
