import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks until the answer is neither false nor undefined and returns it. Throws after `timeoutMs` (default 30 s) naming
 * `what`. For states that another process reaches; never for measuring time.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + (options.timeoutMs ?? 30_000)
  for (;;) {
    const answer = await ask()
    if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>
    if (Date.now() > deadline) throw new Error(`did not happen in time: ${what}`)
    await sleep(options.everyMs ?? 20)
  }
}
