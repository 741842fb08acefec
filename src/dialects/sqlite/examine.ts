/** What `doctor` says of a SQLite file. Reads only, creates nothing. */
import { dirname } from 'node:path'
import { isSlipwayError } from '../../errors.ts'
import type { Diagnosis } from '../diagnosis.ts'
import { readVersion, runStatement } from './driver.ts'
import { canWrite, describeAccess, describeUser, fileExists, requireWritable } from './file-access.ts'
import { lockPathOf } from './lock.ts'
import type { Store } from './store.ts'

export async function examineFile(store: Store): Promise<Diagnosis[]> {
  const library: Diagnosis = { check: 'library', level: 'ok', message: `SQLite ${readVersion()}` }
  if (store.path === ':memory:')
    return [
      library,
      {
        check: 'file',
        level: 'warn',
        message: 'a database in memory ends with the process',
        remedy: 'sqlite:///absolute/path.db',
      },
    ]
  const file = examineAccess(store)
  const pragmas = store.exists() ? await store.read(async (handle) => examinePragmas(handle)) : []
  return [library, file, examineLockFile(store.path), ...pragmas]
}

function examineAccess(store: Store): Diagnosis {
  const check = 'file'
  try {
    requireWritable(store.path)
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return { check, level: 'fail', message: error.message, remedy: error.hint, code: error.code }
  }
  const what = store.exists()
    ? 'can be written, and so can its directory'
    : 'does not exist yet; slipway up makes it'
  return { check, level: 'ok', message: `${store.path} ${what} (${describeAccess(dirname(store.path))})` }
}

/** The run lock's own file, beside the database. */
function examineLockFile(path: string): Diagnosis {
  const check = 'lock file'
  const lockPath = lockPathOf(path)
  if (!fileExists(lockPath)) return { check, level: 'ok', message: `${lockPath} is made by the first run` }
  if (canWrite(lockPath)) return { check, level: 'ok', message: `${lockPath} can be written` }
  return {
    check,
    level: 'fail',
    message: `cannot lock ${lockPath}: ${describeAccess(lockPath)}; ${describeUser()}`,
    remedy: 'give it to the user that slipway runs as',
    code: 'not-writable',
  }
}

/** https://www.sqlite.org/pragma.html#pragma_journal_mode */
function examinePragmas(handle: Parameters<typeof runStatement>[0]): Diagnosis[] {
  const read = (name: string) => Object.values(runStatement(handle, `pragma ${name}`)[0] ?? {})[0]
  const journal = String(read('journal_mode'))
  const note =
    journal === 'wal' ? ': readers and a writer do not wait for each other' : ': a reader holds up a commit'
  return [
    { check: 'journal', level: 'ok', message: `${journal}${note}` },
    {
      check: 'foreign keys',
      level: 'ok',
      message: `${Number(read('foreign_keys')) === 1 ? 'enforced' : 'not enforced'} on a new connection of slipway`,
    },
  ]
}
