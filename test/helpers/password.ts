/**
 * One password per test run, full of characters that mean something in a URL, a shell, JSON or SQL, and the check
 * that it never came out again. `test/run.ts` makes it and hands it down; a test file run alone makes its own.
 */
import { randomInt } from 'node:crypto'

const special = `@:/?#%&+='"\\`
const plain = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** 24 characters: every special one once, each followed by a random letter or digit. */
export function generatePassword(): string {
  const shuffled = [...special].sort(() => randomInt(3) - 1)
  return shuffled.map((character) => character + plain[randomInt(plain.length)]).join('')
}

export function testPassword(): string {
  process.env.TEST_PG_PASSWORD ??= generatePassword()
  return process.env.TEST_PG_PASSWORD
}

/** The password as written and as it looks after the encodings it can pass through on its way out. */
export function spellingsOf(password: string): string[] {
  const encoded = encodeURIComponent(password)
  const strict = encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const inUrl = new URL('postgres://u@h/d')
  inUrl.password = password
  const json = JSON.stringify(password).slice(1, -1)
  const spellings = [
    password,
    encoded,
    strict,
    strict.replace(/%../g, (byte) => byte.toLowerCase()),
    encodeURI(password),
    inUrl.password,
    encodeURIComponent(encoded),
    encodeURIComponent(strict),
    json,
    JSON.stringify(json).slice(1, -1),
    JSON.stringify(encoded).slice(1, -1),
    password.replaceAll("'", "''"),
    password.replaceAll("'", "\\'"),
    Buffer.from(password).toString('base64').slice(0, 30),
    Buffer.from(password).toString('hex'),
  ]
  return [...new Set(spellings)]
}

/**
 * Where a spelling of the password, or half of one, occurs in `text`: a name for the place with the password cut out,
 * or undefined. Halves count, because a naive parser that stops at the first `@` shows the rest.
 */
export function findLeak(text: string, password: string): string | undefined {
  for (const spelling of spellingsOf(password)) {
    const half = Math.ceil(spelling.length / 2)
    for (const part of [spelling, spelling.slice(0, half), spelling.slice(-half)]) {
      const at = text.indexOf(part)
      if (at === -1) continue
      const before = text.slice(Math.max(0, at - 120), at)
      const after = text.slice(at + part.length, at + part.length + 40)
      return `${before}<${part.length} characters of the password>${after}`.replaceAll(spelling, '***')
    }
  }
  return undefined
}
