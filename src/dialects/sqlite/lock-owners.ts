/** Which processes hold locks on a file, as far as Linux tells. */
import { readFileSync, statSync } from 'node:fs'
import type { LockHolder } from '../../events.ts'

/**
 * Processes with a POSIX lock on one of `paths`, from /proc/locks (proc_locks(5)). Empty elsewhere, and for processes
 * that this one cannot see: in another container their ids are hidden.
 */
export function findLockOwners(paths: readonly string[]): LockHolder[] {
  const inodes = new Set(paths.map(inodeOf))
  const pids = new Set<number>()
  for (const line of (readQuietly('/proc/locks') ?? '').split('\n')) {
    const [, pid, inode] = /\s(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? []
    if (pid !== undefined && Number(pid) > 0 && inodes.has(inode)) pids.add(Number(pid))
  }
  return [...pids].map(describeProcess)
}

/** The name only: a command line may hold a secret. */
function describeProcess(pid: number): LockHolder {
  const name = readQuietly(`/proc/${pid}/comm`)?.trim()
  return name === undefined || name === '' ? { pid } : { pid, applicationName: name }
}

function inodeOf(path: string): string | undefined {
  try {
    return String(statSync(path, { bigint: true }).ino)
  } catch {
    return undefined
  }
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
