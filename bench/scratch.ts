/** One folder for everything a run writes; it goes when the process does. */
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peersFolder } from './peers/folders.ts'

let folder: string | undefined

export function folderOfRun(): string {
  folder ??= make()
  return folder
}

function make(): string {
  const made = mkdtempSync(join(tmpdir(), 'slipway-bench-'))
  chmodSync(made, 0o755)
  process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  // Migrations in JavaScript import what they need from here.
  const modules = join(peersFolder, 'node_modules')
  if (existsSync(modules)) symlinkSync(modules, join(made, 'node_modules'))
  return made
}
