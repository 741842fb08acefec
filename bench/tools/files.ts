/** What the tools' formats have in common on disk. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { peersFolder } from '../peers/folders.ts'
import type { Found, Migration } from './tool.ts'

/** Writes what is not there yet: a folder grows from 100 migrations to 10,000. */
export function writeEach(
  folder: string,
  migrations: readonly Migration[],
  file: (migration: Migration) => readonly [name: string, text: string],
): void {
  mkdirSync(folder, { recursive: true })
  for (const migration of migrations) {
    const [name, text] = file(migration)
    writeOnce(join(folder, name), text)
  }
}

export function writeOnce(path: string, text: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** A package of bench/peers/package.json. */
export function findPackage(name: string): Found {
  const path = join(peersFolder, 'node_modules', name, 'package.json')
  if (!existsSync(path)) return { missing: 'not installed: npm run bench:peers' }
  return { version: (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version }
}

export function findFile(path: string, version: string): Found {
  return existsSync(path) ? { version } : { missing: 'not installed: npm run bench:peers' }
}

export function inPackage(path: string): string {
  return join(peersFolder, 'node_modules', path)
}

export function readVersion(packageName: string): string {
  const require = createRequire(join(peersFolder, 'package.json'))
  return (require(`${packageName}/package.json`) as { version: string }).version
}
