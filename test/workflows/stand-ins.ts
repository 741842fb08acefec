/** Programs that are not here: each keeps what it was called with, and answers as a script says. */
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { delimiter } from 'node:path'
import type { Workspace } from '../helpers/workspace.ts'

export interface Scene {
  readonly workspace: Workspace
  /** Lines of sh for each program; its arguments are "$@". */
  readonly programs: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface Played {
  readonly code: number | null
  readonly printed: string
  /** In order: program and arguments. */
  readonly calls: readonly (readonly string[])[]
}

const unit = '\u001f'

/** Runs a script of bash's, as GitHub does: the first command that fails ends it. */
export function play({ workspace, programs, env = {} }: Scene, script: string): Played {
  for (const [name, answer] of Object.entries(programs)) {
    const keep = `( IFS='${unit}'; printf '%s\\n' "${name}${unit}$*" >>"$CALLS" )`
    workspace.write({ [`stand-ins/${name}`]: `#!/bin/sh\n${keep}\n${answer}\n` })
    chmodSync(workspace.path('stand-ins', name), 0o755)
  }
  workspace.write({ calls: '' })
  const { status, stdout, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', script], {
    cwd: workspace.dir,
    encoding: 'utf8',
    env: {
      HOME: workspace.dir,
      PATH: [workspace.path('stand-ins'), process.env.PATH].join(delimiter),
      CALLS: workspace.path('calls'),
      ...env,
    },
    timeout: 60_000,
  })
  const calls = workspace.read('calls').split('\n').slice(0, -1)
  return { code: status, printed: stdout + stderr, calls: calls.map((call) => call.split(unit)) }
}
