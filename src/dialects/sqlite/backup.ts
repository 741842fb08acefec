/** Backups by VACUUM INTO, and whether a file is one of this database; https://www.sqlite.org/lang_vacuum.html */
import { stat } from 'node:fs/promises'
import { messageOf } from '../../errors.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import type { BackupMark, Backups } from '../reverting.ts'
import { type Handle, openFile, runStatement } from './driver.ts'
import { retryWhileBusy } from './poll.ts'

const patienceMs = 60_000

export const sqliteBackups: Backups = {
  extension: 'sqlite',
  missingProgram: async () => undefined,
  async write({ url, signal }, file) {
    if (url.dialect !== 'sqlite' || url.path === ':memory:')
      throw new Error('a database in memory has no file')
    const handle = openFile(url.path, 'read')
    try {
      await retryWhileBusy(() => void runStatement(handle, 'vacuum into ?', [file]), {
        budgetMs: patienceMs,
        signal,
      })
    } finally {
      handle.close()
    }
  },
  async findFault(_, file, mark) {
    if ((await stat(file)).size === 0) return 'is empty'
    let handle: Handle | undefined
    try {
      handle = openFile(file, 'read')
      return faultOf(handle, mark)
    } catch (error) {
      return `cannot be read: ${messageOf(error)}`
    } finally {
      handle?.close()
    }
  },
}

function faultOf(handle: Handle, { historyTable, newest, bytes }: BackupMark): string | undefined {
  const [check] = runStatement(handle, 'pragma quick_check(1)')
  if (check?.quick_check !== 'ok') return `is damaged: ${String(check?.quick_check)}`
  const [table] = runStatement(
    handle,
    `select 1 as one from sqlite_schema where type = 'table' and name = ? collate nocase`,
    [historyTable],
  )
  if (table === undefined) return `holds no ${historyTable}: it is of another database`
  const [row] = runStatement(
    handle,
    `select name, checksum from ${quoteSqliteId(historyTable)} order by id desc limit 1`,
  )
  if (newest !== undefined && (row?.name !== newest.name || row?.checksum !== newest.checksum))
    return `does not hold ${newest.name} as the newest: it is of another database, or from before`
  const size = readSize(handle)
  return bytes > bytesWithoutMeaning && size < bytes / 10
    ? `has ${size} bytes, too few for a database of ${bytes}`
    : undefined
}

const bytesWithoutMeaning = 1024 * 1024

/** Without free pages, which a vacuum leaves out. */
export function readSize(handle: Handle): number {
  const [row] = runStatement(
    handle,
    `select (pages.page_count - free.freelist_count) * size.page_size as bytes
     from pragma_page_count as pages, pragma_freelist_count as free, pragma_page_size as size`,
  )
  return Number(row?.bytes)
}
