/** Which flags of this command line the next one needs, too. */
import { shellFlag } from '../plan/shell.ts'
import type { TypedFlag } from '../plan/typed-flags.ts'
import { type SettingFlags, type SettingName, settingOf } from './settings.ts'
import { findPortLikeSecret, findUrlSecrets } from './url-secrets.ts'

/** They say which database and which history, and as whom; the others say how one run is to be. */
const lasting: readonly SettingName[] = [
  'config',
  'env',
  'databaseUrl',
  'tenants',
  'role',
  'schema',
  'table',
  'dir',
]

export function findLastingFlags(flags: SettingFlags): TypedFlag[] {
  return lasting.flatMap((name) => {
    const value = flags[name]
    if (value === undefined) return []
    const { flag, variable, verbs } = settingOf(name)
    const text = name === 'databaseUrl' && !isPlainUrl(value) ? `--${flag} …` : shellFlag(flag, value)
    return [{ flag, variable, text, verbs: [...verbs, 'config'] }]
  })
}

/** One with a password is refused, but not before other arguments are. */
function isPlainUrl(text: string): boolean {
  const secrets = [...findUrlSecrets(text), ...findPortLikeSecret(text)]
  return /^(postgres(ql)?:\/\/|sqlite:)/.test(text) && secrets.length === 0
}
