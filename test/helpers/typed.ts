/** Does what a message says: takes the commands out of it and types them into a shell. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { delimiter } from 'node:path'
import { verbNames } from '../../src/config/verbs.ts'
import { cliPath, type SlipwayResult, startSlipway } from './cli.ts'
import type { Workspace } from './workspace.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface Typist {
  /** Types one line into `sh`. What an earlier line exported is still there. */
  type(line: string, env?: Environment): Promise<SlipwayResult>
  /** The same, and the confirmation that it asks for. Throws unless the line alone ends with 79 and the second with 0. */
  typeAndConfirm(line: string): Promise<SlipwayResult>
}

export function createTypist(workspace: Workspace, env: Environment): Typist {
  workspace.write({ 'bin/slipway': `#!/bin/sh\nexec "${process.execPath}" "${cliPath}" "$@"\n` })
  chmodSync(workspace.path('bin/slipway'), 0o755)
  const path = [workspace.path('bin'), process.env.PATH].join(delimiter)
  const exported: Record<string, string> = {}
  const typist: Typist = {
    async type(line, more = {}) {
      const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) exported[name] = value
      const command = ['sh', '-c', line] as const
      return startSlipway([], {
        cwd: workspace.dir,
        command,
        env: { ...env, ...exported, ...more, PATH: path },
      }).done
    },
    async typeAndConfirm(line) {
      const asked = await typist.type(line)
      assert.equal(asked.code, 79, `${line}\n${asked.stdout}${asked.stderr}`)
      const confirmed = commandIn(asked, / --yes\b/)
      const result = await typist.type(confirmed)
      assert.equal(result.code, 0, `${confirmed}\n${result.stdout}${result.stderr}`)
      return result
    },
  }
  return typist
}

/** `slipway …` up to the punctuation that ends it, with the variables in front of it; and `export NAME=value`. */
const command = new RegExp(
  `(?:SLIPWAY_\\w+=(?:'[^']*'|[^\\s;,]+) )*\\bslipway (?:${verbNames.join('|')})\\b(?: (?:'[^']*'|[^\\s;,()'"\\\\]+))*|\\bexport SLIPWAY_\\w+=[^\\s;,]+`,
  'g',
)

/** The one command of a result's output that matches; throws if there is none, or another one. */
export function commandIn(result: SlipwayResult, wanted: RegExp): string {
  const text = `${result.stdout}\n${result.stderr}`
  const found = new Set([...text.matchAll(command)].map(([line]) => line).filter((line) => wanted.test(line)))
  assert.equal(found.size, 1, `not one command like ${wanted}: ${[...found].join(' | ')}\n${text}`)
  return [...found].join()
}
