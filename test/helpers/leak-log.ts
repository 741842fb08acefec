/** Everything that slipway showed to anybody during a run, in one file that `test/run.ts` searches at the end. */
import { appendFileSync } from 'node:fs'
import { findLeak, testPassword } from './password.ts'

/**
 * Records text that slipway printed, wrote or showed in its process title. Throws where it holds the password, so that
 * the guilty test fails, not only the run. `what` says where the text is from.
 */
export function recordOutput(what: string, text: string): void {
  if (text === '') return
  const file = process.env.TEST_LEAK_LOG
  if (file !== undefined) appendFileSync(file, `--- ${what}\n${text}\n`)
  const leak = findLeak(text, testPassword())
  if (leak !== undefined) throw new Error(`the password leaked into ${what}: ${leak}`)
}
