/** Everything that slipway showed to anybody during a run, in one file that `test/run.ts` searches at the end. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
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

/** One line for each file that holds the password in any spelling; files that do not exist hold nothing. */
export function findLeaksInFiles(files: readonly string[], password: string): string[] {
  return files.filter(existsSync).flatMap((file) => {
    const leak = findLeak(readFileSync(file, 'utf8'), password)
    return leak === undefined ? [] : [`${basename(file)}: ${leak}`]
  })
}
