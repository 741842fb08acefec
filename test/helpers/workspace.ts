import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Workspace extends Disposable {
  readonly dir: string
  path(...parts: string[]): string
  /** Creates folders as needed; a text that is undefined deletes the file. */
  write(files: Readonly<Record<string, string | Uint8Array | undefined>>): void
  read(file: string): string
  has(file: string): boolean
}

/** A temporary folder with the given files, deleted when disposed of. */
export function createWorkspace(files: Readonly<Record<string, string | Uint8Array>> = {}): Workspace {
  const dir = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-work-'))
  const workspace: Workspace = {
    dir,
    path: (...parts) => join(dir, ...parts),
    write: (more) => {
      for (const [name, text] of Object.entries(more)) {
        const path = join(dir, name)
        if (text === undefined) rmSync(path)
        else {
          mkdirSync(dirname(path), { recursive: true })
          writeFileSync(path, text)
        }
      }
    },
    read: (file) => readFileSync(join(dir, file), 'utf8'),
    has: (file) => existsSync(join(dir, file)),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
  workspace.write(files)
  return workspace
}

/** Runs `work` in a temporary folder with the given files. */
export async function withWorkspace<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  work: (workspace: Workspace) => T | Promise<T>,
): Promise<T> {
  using workspace = createWorkspace(files)
  return await work(workspace)
}

/**
 * Writes migrations into `migrations/` of the workspace, replacing none of the others, and returns that folder for
 * SLIPWAY_DIR. Keys are file names: `0001_users.sql`, `0002_fill/up.sql`, `20260101000000_x.ts`.
 */
export function writeMigrations(workspace: Workspace, files: Readonly<Record<string, string>>): string {
  workspace.write(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
  )
  return workspace.path('migrations')
}
