import { statSync } from 'node:fs'
import { messageOf } from '../errors.ts'

/** Why a file cannot be read, to follow its path and a comma: mode, owner and our uid. */
export function describeObstacle(path: string, error: unknown): string {
  const us = `we are uid ${process.getuid?.() ?? 'unknown'}`
  try {
    return `which cannot be read (${reasonOf(error)}): ${describeAccess(statSync(path))}`
  } catch (obstacle) {
    const reason = reasonOf(obstacle)
    return reason === 'ENOENT'
      ? `which does not exist (${us})`
      : `which cannot even be looked at (${reason}): ${us}`
  }
}

/** `mode 0640, owner 0:0, we are uid 1000` */
export function describeAccess(stats: {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}): string {
  const octal = (stats.mode & 0o7777).toString(8).padStart(4, '0')
  return `mode ${octal}, owner ${stats.uid}:${stats.gid}, we are uid ${process.getuid?.() ?? 'unknown'}`
}

/** The system's code alone: EACCES, EISDIR. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
}
