import { decodePercent } from './percent.ts'

/**
 * The passwords a database URL holds, as written and decoded, and the URL itself if there are any. Understands
 * malformed URLs too: they must be redacted as well.
 */
export function findUrlSecrets(text: string): string[] {
  const passwords = [...findUserinfoPasswords(text), ...findParameterPasswords(text)].filter(
    (password) => password !== '',
  )
  if (passwords.length === 0) return []
  const decoded = passwords.map(decodePercent).filter((password) => password !== undefined)
  return [...new Set([text.trim(), ...passwords, ...decoded])]
}

/** What stands where the port should be, in a URL that lost its end to a `#`: part of a password more likely than not. */
export function findPortLikeSecret(text: string): string[] {
  const end = /^[^:]*:\/\/[^@/?:]*:([^@/?]+)$/.exec(text.trim())?.[1]
  return end === undefined || /^\d{1,5}$/.test(end) ? [] : [end]
}

/** Both readings where an @ is ambiguous: up to the last one before the path, and up to the last one of all. */
function findUserinfoPasswords(text: string): string[] {
  const rest = /^[^:]*:\/\/(.*)$/s.exec(text.trim())?.[1]
  if (rest === undefined) return []
  const authority = rest.replace(/[/?#].*$/s, '')
  return [authority, rest].flatMap((part) => {
    const colon = part.indexOf(':')
    const at = part.lastIndexOf('@')
    return colon === -1 || at < colon ? [] : [part.slice(colon + 1, at)]
  })
}

function findParameterPasswords(text: string): string[] {
  const query = /\?(.*)$/s.exec(text)?.[1] ?? ''
  return [...query.matchAll(/(?:^|&)(?:password|sslpassword)=([^&#]*)/gi)].map((match) => match[1] ?? '')
}
