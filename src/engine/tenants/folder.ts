/** The folder of migrations, read, hashed, imported and parsed once for all tenants. */
import type { Dialect } from '../../dialects/dialect.ts'
import type { DiscoverOptions, Discovery } from '../../files/discover.ts'
import { loadMigration } from '../../files/load.ts'
import type { LoadedMigration } from '../../files/loaded.ts'
import { digestMigrations } from '../../plan/digest.ts'
import type { MigrationFile } from '../../plan/migration.ts'
import { discover } from '../discover.ts'
import type { Run } from '../run.ts'
import type { Look } from '../up.ts'

/** In place of the folder, for the run of one tenant. */
export interface SharedFolder {
  discover(manifest: DiscoverOptions['manifest']): Promise<Discovery>
  look(): Promise<Look>
  load(file: MigrationFile, dialect: Dialect): Promise<LoadedMigration>
}

/** Whatever it has to tell is told by `run`, once. */
export function shareFolder(run: Run): SharedFolder {
  const found = remember((manifest: DiscoverOptions['manifest']) => discover(run, manifest))
  const looked = remember(async (_: 'folder') => {
    const whole = await found('use')
    return { ...digestMigrations(whole.files), found: whole }
  })
  const loaders = new Map<
    string,
    (name: string, load: () => Promise<LoadedMigration>) => Promise<LoadedMigration>
  >()
  return {
    discover: (manifest = 'use') => found(manifest),
    look: () => looked('folder'),
    load(file, dialect) {
      const loader = loaders.get(dialect.name) ?? createLoader()
      loaders.set(dialect.name, loader)
      return loader(file.name, () => loadMigration(file, dialect))
    },
  }
}

/** The notices of a migration are the first tenant's. */
function createLoader() {
  const loading = new Map<string, Promise<LoadedMigration>>()
  return async (name: string, load: () => Promise<LoadedMigration>): Promise<LoadedMigration> => {
    const known = loading.get(name)
    if (known !== undefined) return { ...(await known), notices: [] }
    const first = load()
    loading.set(name, first)
    return first
  }
}

function remember<Key, Value>(make: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const made = new Map<Key, Promise<Value>>()
  return (key) => {
    const value = made.get(key) ?? make(key)
    made.set(key, value)
    return value
  }
}
