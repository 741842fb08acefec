import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pythonFolder } from '../peers/folders.ts'
import { writeOnce } from './files.ts'
import { type Migration, plainSql, type Tool, urlOf } from './tool.ts'

const program = join(pythonFolder, 'bin/alembic')

export const alembic: Tool = {
  name: 'Alembic',
  how: '`alembic upgrade head` with its generic template and psycopg; all migrations in one transaction, as the template has it. It has no lock.',
  find: () => {
    if (!existsSync(program)) return { missing: 'not installed: npm run bench:peers' }
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    return { version: /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown' }
  },
  write: (folder, migrations) => {
    writeOnce(join(folder, 'alembic.ini'), '[alembic]\nscript_location = %(here)s/alembic\n')
    writeOnce(join(folder, 'alembic/env.py'), environment)
    migrations.forEach((migration, index) => {
      const file = `${migration.version}_${migration.slug}.py`
      writeOnce(join(folder, 'alembic/versions', file), script(migration, migrations[index - 1]))
    })
  },
  up: ({ folder, address }) => ({
    file: program,
    args: ['upgrade', 'head'],
    env: { DATABASE_URL: urlOf(address).replace('postgres:', 'postgresql+psycopg:') },
    cwd: folder,
  }),
}

/** The online half of `alembic init`'s env.py, without its logging. */
const environment = `import os
from sqlalchemy import create_engine, pool
from alembic import context

connectable = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
`

function script(migration: Migration, before: Migration | undefined): string {
  return `"""${migration.slug}"""
from alembic import op

revision = "${migration.version}"
down_revision = ${before === undefined ? 'None' : `"${before.version}"`}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""${plainSql(migration)}""")


def downgrade() -> None:
    pass
`
}
