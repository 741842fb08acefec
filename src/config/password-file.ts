/** The password file: https://www.postgresql.org/docs/current/libpq-pgpass.html */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { describeAccess, describeObstacle } from './file-obstacle.ts'
import type { Warning } from './url-problem.ts'

export interface PasswordFile {
  /** The first entry that matches; a socket in one of the usual directories is `localhost`. */
  find(entry: {
    readonly host: string
    readonly port: number
    database: string
    user: string
  }): string | undefined
  readonly warnings: readonly Warning[]
}

/** What libpq is compiled with: its own default, and Debian's. */
const usualSocketDirectories: readonly string[] = ['/tmp', '/var/run/postgresql', '/run/postgresql']

/**
 * Reads it, or says why not: like libpq it goes on without. `name` is what named the file; undefined for the usual
 * one, which need not be there.
 */
export function readPasswordFile(path: string, name: string | undefined): PasswordFile {
  const ignored = (why: string): PasswordFile => {
    const prefix = name === undefined ? path : `${name} names ${path}`
    const message = `${prefix}, ${why}; it was ignored`
    return { find: () => undefined, warnings: [{ code: 'password-file', message }] }
  }
  try {
    const stats = statSync(path)
    const fault = findFault(stats)
    if (fault !== undefined) return ignored(fault)
    const lines = readFileSync(path, 'utf8').split('\n')
    return { find: (entry) => findPassword(lines, entry), warnings: [] }
  } catch (error) {
    const isAbsent =
      error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))
    if (isAbsent && name === undefined) return { find: () => undefined, warnings: [] }
    return ignored(describeObstacle(path, error))
  }
}

function findFault(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'which is not a plain file'
  if ((stats.mode & 0o077) === 0) return undefined
  return `which others can read (${describeAccess(stats)}) and must have mode 0600`
}

function findPassword(
  lines: readonly string[],
  { host, port, database, user }: Parameters<PasswordFile['find']>[0],
): string | undefined {
  const wanted = [usualSocketDirectories.includes(host) ? 'localhost' : host, String(port), database, user]
  for (const written of lines) {
    const line = written.replace(/\r+$/, '')
    if (line.startsWith('#')) continue
    const password = matchLine(line, wanted)
    if (password !== undefined) return password === '' ? undefined : password
  }
  return undefined
}

/** `host:port:database:user:password`; a backslash takes the next character as it is, a lone * matches anything. */
function matchLine(line: string, wanted: readonly string[]): string | undefined {
  let rest = line
  for (const value of wanted) {
    const [field, after] = cutField(rest)
    if (after === undefined || (field.raw !== '*' && field.text !== value)) return undefined
    rest = after
  }
  return cutField(rest)[0].text
}

/** Up to the first colon that no backslash precedes; no rest without such a colon. */
function cutField(text: string): [{ readonly raw: string; readonly text: string }, string | undefined] {
  const [raw = ''] = /^(?:\\.|[^:\\]|\\$)*/s.exec(text) ?? []
  const field = { raw, text: raw.replace(/\\(.)/gs, '$1') }
  return [field, raw.length < text.length ? text.slice(raw.length + 1) : undefined]
}
