/** A file that a reader sees whole: the old one, or the new one. */
import { accessSync, constants, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Beside it, so that it can be moved into its place. Under a name of its own: in containers every process is number 1, and
 * several may share a folder.
 */
export function draftOf(path: string): string {
  const random = Math.random().toString(36).slice(2)
  return join(dirname(path), `.${basename(path)}.${process.pid}-${random}.tmp`)
}

/** Through a draft beside it. Throws what the file system says. */
export function replaceFile(path: string, text: string): void {
  const draft = draftOf(path)
  try {
    writeFileSync(draft, text, { flush: true })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Whether replaceFile could do it, found out without touching anything; throws what the file system says. */
export function requireReplaceable(path: string): void {
  accessSync(dirname(path), constants.W_OK | constants.X_OK)
}

/** A rename would replace a symbolic link, not what it leads to. */
export function targetOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
