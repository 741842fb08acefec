/** The folder of migrations as another tool left it: everything that may be one of its migrations, whatever it is called. */
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import type { ForeignFile } from '../plan/adopt/ledger.ts'
import type { Folder } from '../plan/adopt/match.ts'
import type { ForeignTool } from '../plan/adopt/names.ts'
import { isArchivable } from './archivable.ts'
import { findDuplicates } from './duplicates.ts'
import { listFolder } from './folder.ts'
import { type Draft, groupEntries } from './group.ts'
import { readSourceFile, showPath } from './read-source.ts'

export interface ForeignFolder extends Folder {
  readonly dir: string
  readonly paths: ReadonlyMap<ForeignFile, readonly string[]>
  /** Of what slipway can name. */
  readonly drafts: ReadonlyMap<ForeignFile, Draft>
  /** Misnamed beyond what another tool may mean, and duplicates. */
  readonly problems: readonly SlipwayError[]
}

interface Listed {
  readonly file: ForeignFile
  readonly paths: readonly string[]
  readonly draft?: Draft
}

/** Throws dir-missing. `tool` is the end of the names of originals. */
export function readForeignFolder(dir: string, cwd: string, tool: ForeignTool): ForeignFolder {
  const listing = listFolder(dir)
  const { drafts, misnamed } = groupEntries(dir, listing, 'old')
  const isNameless = ({ why }: { readonly why: string }) => why === 'begins with no version'
  const found = [
    ...listOne(dir, { cwd, place: 'folder', tool }),
    ...(listing.folders.includes('old') ? listAll(join(dir, 'old'), { cwd, place: 'old', tool }) : []),
  ]
  return {
    dir,
    shown: showPath(dir, cwd),
    files: found.map(({ file }) => file),
    paths: new Map(found.map(({ file, paths }) => [file, paths])),
    drafts: new Map(
      found.flatMap(({ file, draft }) => (draft === undefined ? [] : [[file, draft] as const])),
    ),
    tags: readJournal([join(dir, 'meta'), join(dir, 'old/meta')]),
    problems: [
      ...misnamed
        .filter((each) => !isNameless(each))
        .map(({ path, why }) => new SlipwayError('misnamed', `${showPath(path, cwd)} ${why}`)),
      ...findDuplicates(drafts, cwd),
    ],
  }
}

interface Where {
  readonly cwd: string
  readonly place: ForeignFile['place']
  readonly tool: ForeignTool
}

function listAll(dir: string, where: Where): Listed[] {
  const own = listOne(dir, where)
  const names = new Set(own.map(({ file }) => file.name))
  const others = listFolder(dir).folders.filter((folder) => !names.has(folder) && !folder.startsWith('.'))
  return [...own, ...others.flatMap((folder) => listAll(join(dir, folder), where))]
}

function listOne(dir: string, where: Where): Listed[] {
  const listing = listFolder(dir)
  const { drafts, misnamed } = groupEntries(dir, listing, where.place === 'folder' ? 'old' : '')
  const named = drafts.map((draft) => listDraft(dir, draft, where))
  const nameless = misnamed
    .filter(({ path, why }) => why === 'begins with no version' && dirname(path) === dir)
    .map(({ path }) => listFile(path, 'nameless', where))
  const others = listing.files
    .filter((name) => isArchivable(name) && !name.startsWith('_') && !name.startsWith('.'))
    .map((name) => listFile(join(dir, name), 'other', where))
  return [...named, ...nameless, ...others]
}

function listDraft(dir: string, draft: Draft, where: Where): Listed {
  const isFolder = dirname(draft.up) !== dir
  const paths = isFolder ? [dirname(draft.up)] : [draft.up, ...(draft.down === undefined ? [] : [draft.down])]
  const kind = draft.language === 'sql' ? 'sql' : 'script'
  const file = fileOf(draft.up, { name: draft.name, bases: paths.map((path) => basename(path)), kind }, where)
  return { file, paths, draft }
}

function listFile(path: string, kind: 'nameless' | 'other', where: Where): Listed {
  const name = basename(path, extname(path))
  return { file: fileOf(path, { name, bases: [basename(path)], kind }, where), paths: [path] }
}

function fileOf(
  path: string,
  facts: Pick<ForeignFile, 'name' | 'bases' | 'kind'>,
  { cwd, place, tool }: Where,
): ForeignFile {
  let text: string | undefined
  const kept = join(dirname(path), 'old', `${basename(path)}.${tool}`)
  return {
    ...facts,
    place,
    shown: showPath(path, cwd),
    get text() {
      text ??= readSourceFile(path, cwd).text
      return text
    },
    get original() {
      return place === 'folder' && existsSync(kept) ? readSourceFile(kept, cwd).text : undefined
    },
    get sha256() {
      return hash('sha256', readFileSync(path))
    },
  }
}

/** Drizzle's list of its migrations. One that cannot be read is as good as none: then their texts tell which is which. */
function readJournal(folders: readonly string[]): Map<string, string> {
  for (const folder of folders) {
    try {
      const { entries } = JSON.parse(readFileSync(join(folder, '_journal.json'), 'utf8')) as {
        entries?: readonly { when?: unknown; tag?: unknown }[]
      }
      return new Map((entries ?? []).map(({ when, tag }) => [String(when), String(tag)]))
    } catch {
      // The next one.
    }
  }
  return new Map()
}
