/** On what all this ran. */
import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { folderOfRun } from './scratch.ts'
import { median, round } from './statistics.ts'

/** Taken before anything is started: the load is that of others. */
export function describeMachine(): Record<string, string> {
  const [cpu] = cpus()
  return {
    CPU: `${availableParallelism()} × ${cpu?.model.trim() ?? 'unknown'}`,
    Memory: `${round(totalmem() / 2 ** 30)} GiB`,
    System: `${type()} ${release()}`,
    'Load before': loadavg()
      .map((load) => round(load, 2))
      .join(' '),
    'Write to disk (fdatasync)': `${measureSync()} ms`,
    Node: process.version,
  }
}

function measureSync(): number {
  const path = join(folderOfRun(), 'sync')
  const fd = openSync(path, 'w')
  const block = Buffer.alloc(8192)
  const times = Array.from({ length: 100 }, () => {
    const began = performance.now()
    writeSync(fd, block)
    fdatasyncSync(fd)
    return performance.now() - began
  })
  closeSync(fd)
  rmSync(path)
  return round(median(times), 3)
}

/** The commit, and whether what ran differs from it. */
export function describeCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  try {
    const changed = git('status', '--porcelain', '--', '../src') === '' ? '' : ', edited'
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed}`
  } catch {
    return 'no commit'
  }
}
