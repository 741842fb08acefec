import { until } from './until.ts'

/** Whether a process of that id exists (a zombie that nobody collected counts). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Sends the signal, if the process still exists, and resolves when it is gone. */
export async function killAndWait(pid: number, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    throw error
  }
  await until(`process ${pid} gone after ${signal}`, () => !isAlive(pid))
}
