import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Layer } from './sources.ts'

const require = createRequire(import.meta.url)

const shortNames: ReadonlyMap<string, string> = new Map([
  ['development', 'dev'],
  ['production', 'prod'],
])

export interface ReadDotenv {
  readonly layer: Layer | undefined
  /** A file that is there and cannot be read. */
  readonly problem: string | undefined
}

/**
 * Reads one dotenv file of the working directory. No layer if it is missing, or a directory (Python keeps
 * environments in a folder named .env). Never touches process.env.
 */
export function readDotenvFile(cwd: string, name: string): ReadDotenv {
  try {
    const text = readFileSync(join(cwd, name), 'utf8')
    return { layer: { dotenv: name, variables: parseDotenv(text) }, problem: undefined }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes(code)) return { layer: undefined, problem: undefined }
    if (code === '') throw error
    return { layer: undefined, problem: `${name} is there but cannot be read (${code}); it was ignored` }
  }
}

/** Names of the files for an environment, strongest first, without `.env` itself. */
export function dotenvNames(env: string | undefined): string[] {
  const spellings = spellingsOf(env)
  return [...spellings.map((name) => `.env.${name}.local`), ...spellings.map((name) => `.env.${name}`)]
}

/** dev and prod spelled out; other names stay. */
export function canonicalEnv(env: string): string {
  for (const [long, short] of shortNames) if ([long, short].includes(env.toLowerCase())) return long
  return env
}

function spellingsOf(env: string | undefined): string[] {
  if (env === undefined) return []
  const canonical = canonicalEnv(env)
  const short = shortNames.get(canonical)
  return short === undefined ? [canonical] : [canonical, short]
}

/** Loaded only here, and so only if there is a file to parse: every start pays for an import. */
function parseDotenv(text: string): Record<string, string> {
  const { parse } = require('dotenv') as typeof import('dotenv')
  return parse(text.replace(/^\uFEFF/, ''))
}
