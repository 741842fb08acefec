/** What `doctor` says of a SQLite file. Reads only, creates nothing. */
import { dirname } from 'node:path'
import { isSlipwayError } from '../../errors.ts'
import type { Diagnosis } from '../dialect.ts'
import { readVersion, runStatement } from './driver.ts'
import { describeAccess, requireWritable } from './file-access.ts'
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
  return [
    library,
    file,
    ...(store.exists() ? await store.read(async (handle) => examinePragmas(handle)) : []),
  ]
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
