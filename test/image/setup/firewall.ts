/** What an engine leaves in the kernel's packet filter: dockerd takes nothing of it away when it ends. */
import { spawnSync } from 'node:child_process'
import { runQuietly, uninterrupted } from './tools.ts'

const tables = ['filter', 'nat'] as const

/** Returns what brings the filter back to how it is now, as far as an engine with that bridge has changed it. */
export function rememberFilter(bridge: string): () => Promise<void> {
  const before = rulesOf('filter')
  return async () => {
    for (const table of tables) await removeRules(table, (rule) => rule.split(' ').includes(bridge))
    // Chains are shared by all engines. The first one brings them, and a policy that lets nothing pass.
    if (before.some(isChain) || otherEngineRuns()) return
    for (const table of tables) await removeChains(table)
    const policy = before.find((line) => line.startsWith('-P FORWARD'))
    if (policy !== undefined) await runQuietly(['iptables', ...policy.split(' ')], uninterrupted)
  }
}

/** As arguments that would make them. */
function rulesOf(table: string): string[] {
  const { stdout } = spawnSync('iptables', ['--table', table, '--list-rules'], { encoding: 'utf8' })
  return (stdout ?? '').split('\n').filter((line) => line !== '')
}

const isChain = (line: string): boolean => /^-N DOCKER/.test(line)

async function removeRules(table: string, matches: (rule: string) => boolean): Promise<void> {
  for (const line of rulesOf(table).filter((line) => line.startsWith('-A ') && matches(line)))
    await runQuietly(['iptables', '--table', table, '-D', ...line.split(' ').slice(1)], uninterrupted)
}

async function removeChains(table: string): Promise<void> {
  await removeRules(table, (rule) => / -j DOCKER|^-A DOCKER/.test(rule))
  for (const line of rulesOf(table).filter(isChain))
    await runQuietly(['iptables', '--table', table, '-X', line.slice('-N '.length)], uninterrupted)
}

function otherEngineRuns(): boolean {
  return spawnSync('pgrep', ['--exact', 'dockerd']).status === 0
}
