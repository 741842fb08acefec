/** Makes a folder slipway's: writes converted files in the place of what they were made from, and keeps the originals in old/. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'
import { checkpoint } from '../events.ts'
import { errnoOf } from './folder.ts'
import { makeFolder } from './make-folder.ts'
import { showPath } from './read-source.ts'

export type FolderChange =
  | { readonly kind: 'move'; readonly from: string; readonly to: string }
  /** `keep`: where the original goes first. */
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly keep: string }

/** Throws foreign-files for what is in the way: nothing is ever written over. */
export function refuseOverwriting(changes: readonly FolderChange[], cwd: string): SlipwayError[] {
  return changes.flatMap((change) => {
    const [from, to] = change.kind === 'move' ? [change.from, change.to] : [change.path, change.keep]
    if (!existsSync(to) || isSameFile(from, to)) return []
    return [
      new SlipwayError(
        'foreign-files',
        `${showPath(from, cwd)} belongs in ${showPath(to, cwd)}, and another one is there`,
        {
          hint: `see which of the two is right, and move the other one away: ${showPath(to, cwd)}`,
        },
      ),
    ]
  })
}

/**
 * In this order a process that is killed loses nothing, and the same changes can be made again. `done` after each of them.
 * Throws not-writable.
 */
export function applyChanges(changes: readonly FolderChange[], cwd: string, done: () => void): void {
  for (const change of changes) {
    const target = change.kind === 'move' ? change.to : change.keep
    try {
      makeFolder(dirname(target))
      if (change.kind === 'move') moveFile(change)
      else replaceFile(change)
      done()
      checkpoint('folder-changed')
    } catch (error) {
      const what = `cannot write ${showPath(target, cwd)} (${errnoOf(error) ?? messageOf(error)}); nothing was recorded`
      throw new SlipwayError('not-writable', what, {
        hint: `make the folder of migrations writable for the user that slipway runs as, then run it again`,
        cause: error,
      })
    }
  }
}

function moveFile({ from, to }: { readonly from: string; readonly to: string }): void {
  if (existsSync(to) && isSameFile(from, to)) rmSync(from)
  else renameSync(from, to)
}

type Write = Extract<FolderChange, { readonly kind: 'write' }>

function replaceFile({ path, text, keep }: Write): void {
  if (!existsSync(keep)) {
    putInPlace(keep, (draft) => copyFileSync(path, draft))
    checkpoint('folder-changed')
  }
  putInPlace(path, (draft) => writeFileSync(draft, text, { mode: statSync(path).mode }))
}

/** Whole or not at all. Beginning with a dot, it is no migration while it is being written. */
function putInPlace(path: string, write: (draft: string) => void): void {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}`)
  try {
    write(draft)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function isSameFile(a: string, b: string): boolean {
  if (!existsSync(a) || !statSync(a).isFile() || !statSync(b).isFile()) return false
  return readFileSync(a).equals(readFileSync(b))
}
