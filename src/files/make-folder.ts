import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it; no error if it is there. `mode` is for all that it makes. Throws the system's error.
 * `mkdirSync` with `recursive` never returns where a file system answers ENOENT though the parent is there, as /proc does.
 */
export function makeFolder(dir: string, mode = 0o777): void {
  if (isFolder(dir)) return
  const parent = dirname(dir)
  if (parent !== dir) makeFolder(parent, mode)
  try {
    mkdirSync(dir, { mode })
  } catch (error) {
    // Somebody else was faster.
    if (!isFolder(dir)) throw error
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
