/** Backups by pg_dump, and whether a file is one of this database; https://www.postgresql.org/docs/current/app-pgdump.html */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { PostgresUrl } from '../../config/url.ts'
import { parseName } from '../../sql/quote.ts'
import type { BackupContext, BackupMark, Backups } from '../reverting.ts'
import { libpqEnvironment } from './libpq-environment.ts'

export const postgresBackups: Backups = {
  extension: 'dump',
  async missingProgram(context) {
    for (const program of ['pg_dump', 'pg_restore'])
      if ((await run(context, program, ['--version'])).end === 'missing') return program
    return undefined
  },
  async write(context, file) {
    const role = context.role === undefined ? [] : [`--role=${context.role}`]
    const args = ['--format=custom', '--no-password', `--file=${file}`, ...role]
    const { end, message } = await run(context, 'pg_dump', args)
    if (end !== 'ok') throw new Error(end === 'missing' ? 'there is no pg_dump' : `pg_dump: ${message}`)
  },
  findFault,
}

function run(context: BackupContext, program: string, args: readonly string[]) {
  const { url, signal } = context
  return context.run(program, args, { env: libpqEnvironment(url as PostgresUrl), signal })
}

async function findFault(
  context: BackupContext,
  file: string,
  mark: BackupMark,
): Promise<string | undefined> {
  const { size } = await stat(file)
  if (size === 0) return 'is empty'
  const head = await readHead(file)
  const isArchive =
    head.subarray(0, 5).toString() === 'PGDMP' || head.subarray(257, 262).toString() === 'ustar'
  const fault = isArchive
    ? await faultOfArchive(context, file, mark)
    : await faultOfText(head.toString(), file, mark)
  return fault ?? faultOfSize(size, mark)
}

async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function faultOfArchive(
  context: BackupContext,
  file: string,
  { database, historyTable, newest }: BackupMark,
): Promise<string | undefined> {
  const list = await run(context, 'pg_restore', ['--list', file])
  if (list.end === 'missing') throw new Error('there is no pg_restore to read it with')
  if (list.end === 'failed') return `cannot be read: ${list.message}`
  const [, name] = /^;\s+dbname: (.*)$/m.exec(list.stdout) ?? []
  if (name !== database) return `is a dump of ${name ?? 'no database that it names'}, not of ${database}`
  // To its end: a copy that was cut short lists as well as a whole one.
  const whole = await run(context, 'pg_restore', ['--file=/dev/null', file])
  if (whole.end !== 'ok') return `cannot be read to its end: ${whole.message}`
  if (newest === undefined) return undefined
  const [schema = '', table = ''] = splitAtLastDot(historyTable)
  const only = [`--schema=${schema}`, `--table=${table}`]
  const rows = await run(context, 'pg_restore', ['--data-only', ...only, '--file=-', file])
  const isRow = findRow(historyTable, newest)
  return rows.stdout.split('\n').some(isRow) ? undefined : otherHistory(newest)
}

function splitAtLastDot(text: string): string[] {
  const at = text.lastIndexOf('.')
  return [text.slice(0, at), text.slice(at + 1)]
}

/**
 * For one line after the other: whether it is that row of the history, by COPY or by INSERT. The log has lines with the
 * same name and checksum, also for what was reverted since.
 */
function findRow(
  historyTable: string,
  { name, checksum }: NonNullable<BackupMark['newest']>,
): (line: string) => boolean {
  let table: string | undefined
  let isData = false
  return (line) => {
    if (isData) {
      if (line === '\\.') isData = false
      return isData && table === historyTable && line.includes(checksum) && line.includes(`\t${name}\t`)
    }
    const [, verb, quoted = ''] = /^(COPY|INSERT INTO) ((?:"(?:[^"]|"")*"|[^\s".]+|\.)+)/.exec(line) ?? []
    if (verb !== undefined) {
      const { schema, name: last } = parseName(quoted)
      table = schema === undefined ? last : `${schema}.${last}`
      isData = verb === 'COPY' && /FROM stdin;$/.test(line)
    }
    return !isData && table === historyTable && line.includes(checksum) && line.includes(`'${name}'`)
  }
}

function otherHistory({ name }: NonNullable<BackupMark['newest']>): string {
  return `does not hold ${name} as applied: it is of another database, or from before`
}

/** Plain SQL may be long, so it is read line by line. */
async function faultOfText(head: string, file: string, mark: BackupMark): Promise<string | undefined> {
  if (!/^--\n-- PostgreSQL database (?:cluster )?dump\n/m.test(head))
    return 'is no dump that pg_dump made, or is packed'
  let isWhole = false
  let hasRow = mark.newest === undefined
  const connected = new Set<string>()
  const isRow = mark.newest === undefined ? () => false : findRow(mark.historyTable, mark.newest)
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (/^-- PostgreSQL database (?:cluster )?dump complete$/.test(line)) isWhole = true
    const [, quoted, bare] = /^\\connect (?:"(.*)"|(\S+))$/.exec(line) ?? []
    if (quoted !== undefined || bare !== undefined) connected.add(quoted ?? bare ?? '')
    if (isRow(line)) hasRow = true
  }
  if (!isWhole) return 'is a dump that was cut short'
  if (connected.size > 0 && !connected.has(mark.database))
    return `is a dump of ${[...connected].join(', ')}, not of ${mark.database}`
  return hasRow || mark.newest === undefined ? undefined : otherHistory(mark.newest)
}

const bytesWithoutMeaning = 64 * 1024 * 1024

/** Indexes are not in a dump, and what is is packed: but not to a thousandth. */
function faultOfSize(size: number, { bytes }: BackupMark): string | undefined {
  return bytes > bytesWithoutMeaning && size < bytes / 1000
    ? `has ${size} bytes, too few for a database that takes ${bytes}`
    : undefined
}
