/** The rules of the house that imports can break, checked on the text of the source files. */

/** Folders and top-level files of src/ by layer; imports run downwards. */
const layers: readonly (readonly string[])[] = [
  ['error-table.ts', 'errors.ts', 'events.ts', 'redact.ts', 'version.ts'],
  ['plan', 'schema', 'lint', 'codegen', 'sql', 'text', 'templates'],
  ['dialects', 'files', 'config', 'programs'],
  ['engine'],
  ['reporters', 'server', 'terminal'],
  ['commands', 'library'],
  ['cli.ts', 'index.ts'],
  ['code-cache.ts'],
  ['precompile.ts'],
]

/** Imports within a layer that are allowed between different rooms; all others are not. */
const sideways: readonly { from: string; to: string; only: (found: Import) => boolean }[] = [
  { from: 'plan', to: 'sql', only: () => true },
  { from: 'templates', to: 'sql', only: () => true },
  { from: 'templates', to: 'plan', only: () => true },
  { from: 'lint', to: 'sql', only: () => true },
  { from: 'text', to: 'sql', only: () => true },
  { from: 'codegen', to: 'schema', only: () => true },
  { from: 'dialects', to: 'config', only: ({ typeOnly, target }) => typeOnly || isShape(target) },
  { from: 'files', to: 'dialects', only: ({ typeOnly }) => typeOnly },
  { from: 'terminal', to: 'reporters', only: () => true },
  // What is shown is what is printed, in the same words.
  { from: 'server', to: 'reporters', only: () => true },
  { from: 'events.ts', to: 'errors.ts', only: () => true },
  { from: 'errors.ts', to: 'error-table.ts', only: () => true },
]

/** What the configuration shares with those that use it: shapes, and the words for a file that cannot be read. */
const isShape = (target: string | undefined) => /^config\/(url|file-obstacle)\.ts$/.test(target ?? '')

const maxLines = 250
/** Lists, read from top to bottom; splitting them would make it harder to find something. */
const longLists = ['error-table.ts', 'config/settings.ts']

export interface Import {
  readonly line: number
  readonly specifier: string
  readonly typeOnly: boolean
  /** Path of the imported file below src/; undefined for a package. */
  readonly target: string | undefined
}

/** One line for each broken rule. `sources` maps paths below src/, such as `plan/plan.ts`, to their texts. */
export function checkArchitecture(sources: ReadonlyMap<string, string>): string[] {
  const imports = [...sources].map(([file, text]) => ({ file, found: findImports(file, text) }))
  return [
    ...imports.flatMap(({ file, found }) =>
      found.flatMap((each) => {
        const reason = forbid(file, each)
        return reason === undefined ? [] : [`${at(file, each.line)} imports ${each.specifier}: ${reason}`]
      }),
    ),
    ...findSharedPackages(imports),
    ...[...sources].flatMap(([file, text]) => [...findConsole(file, text), ...findLength(file, text)]),
  ]
}

const at = (file: string, line: number) => `src/${file}:${line}`

/** Static and dynamic imports, re-exports, `import type`, and `require`. */
export function findImports(file: string, text: string): Import[] {
  const code = blankComments(text)
  const statement =
    /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s*)?(['"])([^'"\n]+)\2|\b(?:import|require|resolve)\s*\(\s*(['"`])([^'"`\n]+)\4/gm
  return [...code.matchAll(statement)].map((match) => {
    const specifier = match[3] ?? match[5] ?? ''
    const line = code.slice(0, match.index + match[0].search(/\S/)).split('\n').length
    const typeOnly = match[1] !== undefined || isAllTypes(match[0])
    return { line, specifier, typeOnly, target: resolveFrom(file, specifier) }
  })
}

/** `import { type A, type B } from` */
function isAllTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1]
  if (names === undefined || /(?:import|export)\s+\w+\s*,/.test(statement)) return false
  const parts = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return parts.length > 0 && parts.every((name) => name.startsWith('type '))
}

function resolveFrom(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return new URL(specifier, `file:///${file}`).pathname.slice(1)
}

/** The room a file is in: its folder below src/, or itself. */
const roomOf = (path: string) => path.split('/')[0] ?? path
const layerOf = (path: string) => layers.findIndex((rooms) => rooms.includes(roomOf(path)))

function forbid(file: string, found: Import): string | undefined {
  const { target } = found
  // The manifest lies above src/ and belongs to nobody.
  if (target === undefined || target === 'package.json') return undefined
  const [from, to] = [layerOf(file), layerOf(target)]
  if (from === -1) return `src/${roomOf(file)} is in no layer`
  if (to === -1) return `src/${roomOf(target)} is in no layer`
  if (to > from) return `upward, from layer ${from} to layer ${to}`
  const rooms = [roomOf(file), roomOf(target)]
  if (rooms[0] === rooms[1]) return forbidWithinRoom(file, target)
  if (to < from) return undefined
  const allowed = sideways.some((rule) => rule.from === rooms[0] && rule.to === rooms[1] && rule.only(found))
  return allowed ? undefined : `sideways, from ${rooms[0]} to ${rooms[1]}`
}

function forbidWithinRoom(file: string, target: string): string | undefined {
  const [room, from, to] = [roomOf(file), file.split('/')[1], target.split('/')[1]]
  if (
    room === 'commands' &&
    file !== target &&
    !/\/(index|command)\.ts$/.test(file) &&
    !/\/command\.ts$/.test(target)
  )
    return 'a command imports another'
  const bothNested = file.split('/').length > 2 && target.split('/').length > 2
  if (room === 'dialects' && bothNested && from !== to) return 'a dialect imports another'
  return undefined
}

/** A package that more than one file imports, types included. */
function findSharedPackages(imports: readonly { file: string; found: readonly Import[] }[]): string[] {
  const importers = new Map<string, Map<string, number>>()
  for (const { file, found } of imports)
    for (const { specifier, target, line } of found) {
      if (target !== undefined || specifier.startsWith('node:')) continue
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      const files = importers.get(name) ?? new Map()
      importers.set(name, files.set(file, line))
    }
  return [...importers]
    .filter(([, files]) => files.size > 1)
    .map(([name, files]) => {
      const places = [...files].map(([file, line]) => at(file, line))
      return `package ${name} is imported by more than one file: ${places.join(', ')}`
    })
}

function findConsole(file: string, text: string): string[] {
  if (file === 'cli.ts') return []
  return blankComments(text)
    .split('\n')
    .flatMap((line, index) => (/\bconsole\s*\./.test(line) ? [`${at(file, index + 1)} uses console`] : []))
}

function findLength(file: string, text: string): string[] {
  const lines = text.trimEnd().split('\n').length
  return lines > maxLines && !longLists.includes(file)
    ? [`${at(file, lines)} is longer than ${maxLines} lines`]
    : []
}

/** Comments as blanks, so that offsets and lines stay; strings and templates stay as they are. */
function blankComments(text: string): string {
  const pattern = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replace(pattern, (part) => (part.startsWith('/') ? part.replace(/[^\n]/g, ' ') : part))
}
