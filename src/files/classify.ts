/** What the name of one entry of the folder says, before anything of it is read. */
import type { Language, Version } from '../plan/migration.ts'
import { parseVersion } from '../plan/name.ts'

export type EntryName =
  | { readonly kind: 'ignored' }
  | { readonly kind: 'sql'; readonly stem: string }
  | { readonly kind: 'script'; readonly stem: string; readonly language: Language }
  /** The schema as of some version; see baseline.ts. */
  | { readonly kind: 'baseline'; readonly version: Version }
  | { readonly kind: 'misnamed'; readonly why: string }

const ignoredEnd = /\.(?:md|example|d\.[cm]?ts)$/i
const languages: Readonly<Record<string, Language>> = {
  ts: 'typescript',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
}
/** Scripts that slipway does not run; a migration must not be passed over because of its extension. */
const unsupported: Readonly<Record<string, string>> = {
  mts: 'rename it to .ts, which is read as a module here',
  cts: 'rename it to .ts and write it as a module',
  tsx: 'rename it to .ts',
  jsx: 'rename it to .js',
}

/** Files of other kinds (`Makefile`, `seed.csv`, `001_a.sql.bak`) are none of slipway's business. */
export function classifyFileName(name: string): EntryName {
  if (isHidden(name)) return { kind: 'ignored' }
  const dot = name.lastIndexOf('.')
  const stem = name.slice(0, dot)
  const extension = dot < 1 ? '' : name.slice(dot + 1).toLowerCase()
  if (extension === 'sql') {
    const version = stem.startsWith('baseline.') ? parseVersion(stem.slice('baseline.'.length)) : undefined
    return version === undefined ? { kind: 'sql', stem } : { kind: 'baseline', version }
  }
  if (ignoredEnd.test(name)) return { kind: 'ignored' }
  const why = unsupported[extension]
  if (why !== undefined) return { kind: 'misnamed', why }
  const language = languages[extension]
  if (language === undefined) return { kind: 'ignored' }
  if (/\.(?:up|down)$/.test(stem))
    return { kind: 'misnamed', why: 'a script holds both directions: export up and down from one file' }
  return { kind: 'script', stem, language }
}

/** Dotfiles, `_*`, `*.md`, `*.example`, `*.d.ts`. */
export function isIgnored(name: string): boolean {
  return isHidden(name) || ignoredEnd.test(name)
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_')
}
