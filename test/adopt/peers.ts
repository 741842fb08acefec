/** The tools themselves, as `npm run bench:peers` installs them, and folders of migrations as their users write them. */
import { execFile } from 'node:child_process'
import { alembic } from '../../bench/tools/alembic.ts'
import { flyway } from '../../bench/tools/flyway.ts'
import { dbmate, golangMigrate, goose } from '../../bench/tools/go.ts'
import { knex, kysely, nodePgMigrate } from '../../bench/tools/node.ts'
import type { Tool } from '../../bench/tools/tool.ts'

export interface Peer {
  readonly tool: Tool
  /** What `--from` calls it. */
  readonly from: string
  /** SLIPWAY_DIR, below the tool's folder. */
  readonly dir: string
  /** Below the tool's folder. */
  readonly files: Readonly<Record<string, string>>
  /** Copied after the tool has run, before slipway does: to → from. */
  readonly copies?: Readonly<Record<string, string>>
  readonly convert: boolean
  /** What history holds in the end. */
  readonly names: readonly string[]
  /** Its table gets another name, and then it cannot work. */
  readonly isMoved?: true
  /** Each of its migrations has a way down. */
  readonly goesBack?: true
  /** It says when. */
  readonly knowsWhen: boolean
  /** Its environment for a SQLite file, where it can do that as it is installed. */
  readonly sqlite?: (file: string) => Readonly<Record<string, string>>
}

const users = 'create table users (id integer primary key);\n'
const touch = 'create table touched (at text);\n'
const fill = "insert into users (id) values (1);\ninsert into touched (at) values ('a; b');\n"

const revision = (id: string, after: string, statement: string) => `"""${id}

Revision ID: ${id}
Revises: ${after}
"""
from typing import Sequence, Union
from alembic import op

revision: str = "${id}"
down_revision: Union[str, Sequence[str], None] = ${after}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("${statement}")


def downgrade() -> None:
    pass
`

export const peers: readonly Peer[] = [
  {
    tool: dbmate,
    from: 'dbmate',
    dir: 'db/migrations',
    files: {
      'db/migrations/20250101000000_users.sql': `-- migrate:up\n${users}\n-- migrate:down\ndrop table users;\n`,
      'db/migrations/20250102000000_touched.sql': `-- migrate:up transaction:false\n${touch}\n-- migrate:down\n`,
      'db/migrations/20250103000000_fill.sql': `-- migrate:up\n${fill}\n-- migrate:down\ndelete from users;\n`,
    },
    convert: false,
    names: ['20250101000000_users', '20250102000000_touched', '20250103000000_fill'],
    isMoved: true,
    knowsWhen: false,
    sqlite: (file) => ({ DATABASE_URL: `sqlite:${file}` }),
  },
  {
    tool: golangMigrate,
    from: 'golang-migrate',
    dir: 'migrations',
    files: {
      'migrations/000001_users.up.sql': users,
      'migrations/000001_users.down.sql': 'drop table users;\n',
      'migrations/000002_touched.up.sql': touch,
      'migrations/000002_touched.down.sql': 'drop table touched;\n',
      'migrations/000010_fill.up.sql': fill,
    },
    convert: false,
    names: ['000001_users', '000002_touched', '000010_fill'],
    isMoved: true,
    knowsWhen: false,
  },
  {
    tool: goose,
    from: 'goose',
    dir: 'migrations',
    files: {
      'migrations/00001_users.sql': `-- +goose Up\n-- +goose StatementBegin\n${users}-- +goose StatementEnd\n\n-- +goose Down\ndrop table users;\n`,
      'migrations/00002_touched.sql': `-- +goose NO TRANSACTION\n-- +goose Up\n${touch}-- +goose Down\ndrop table touched;\n`,
      'migrations/00003_fill.sql': `-- +goose Up\n${fill}\n-- +goose Down\ndelete from touched;\ndelete from users;\n`,
      'migrations/00004_index.sql':
        '-- +goose NO TRANSACTION\n-- +goose Up\ncreate index concurrently touched_at on touched (at);\n-- +goose Down\ndrop index concurrently touched_at;\n',
    },
    convert: true,
    names: ['00001_users', '00002_touched', '00003_fill', '00004_index'],
    knowsWhen: true,
    goesBack: true,
  },
  {
    tool: nodePgMigrate,
    from: 'node-pg-migrate',
    dir: 'migrations',
    files: {
      'migrations/1740000000000_users.cjs':
        "exports.up = (pgm) => { pgm.createTable('users', { id: 'id' }) }\nexports.down = (pgm) => { pgm.dropTable('users') }\n",
      'migrations/1740000000001_touched.sql': `-- Up Migration\n${touch}\n-- Down Migration\ndrop table touched;\n`,
      'migrations/1740000000002_fill.sql': fill,
    },
    convert: true,
    names: ['1740000000000_users', '1740000000001_touched', '1740000000002_fill'],
    knowsWhen: true,
  },
  {
    tool: knex,
    from: 'knex',
    dir: 'migrations',
    files: {
      'migrations/20250101000000_users.cjs':
        "exports.up = (knex) => knex.schema.createTable('users', (t) => { t.increments('id') })\nexports.down = () => {}\n",
      'migrations/20250102000000_touched.cjs': `exports.up = (knex) => knex.raw(\`${touch}\`)\nexports.down = () => {}\n`,
    },
    convert: true,
    names: ['20250101000000_users', '20250102000000_touched'],
    knowsWhen: true,
  },
  {
    tool: kysely,
    from: 'kysely',
    dir: 'migrations',
    files: {
      'migrations/20250101_users.mjs':
        "export const up = (db) => db.schema.createTable('users').addColumn('id', 'integer').execute()\nexport const down = async () => {}\n",
      'migrations/20250102_touched.mjs':
        "export const up = (db) => db.schema.createTable('touched').addColumn('at', 'text').execute()\n",
    },
    convert: true,
    names: ['20250101_users', '20250102_touched'],
    knowsWhen: true,
  },
  {
    tool: alembic,
    from: 'alembic',
    dir: 'migrations',
    files: {
      'alembic/versions/ae10_users.py': revision('ae10', 'None', users.trim()),
      'alembic/versions/1b2c_touched.py': revision('1b2c', '"ae10"', touch.trim()),
      'alembic/versions/9d9d_more.py': revision('9d9d', '"ae10"', 'create table more (id integer)'),
      'alembic/versions/f3e1_merge.py': revision('f3e1', '("1b2c", "9d9d")', 'select 1'),
    },
    copies: Object.fromEntries(
      ['ae10_users', '1b2c_touched', '9d9d_more', 'f3e1_merge'].map((name) => [
        `migrations/old/${name}.py`,
        `alembic/versions/${name}.py`,
      ]),
    ),
    convert: false,
    names: ['1b2c_touched', '9d9d_more', 'ae10_users', 'f3e1_merge'],
    knowsWhen: false,
    sqlite: (file) => ({ DATABASE_URL: `sqlite:///${file}` }),
  },
  {
    tool: flyway,
    from: 'flyway',
    dir: 'sql',
    files: {
      'sql/V1__users.sql': users,
      'sql/V1_1__touched.sql': touch,
      'sql/V2.1__fill.sql': fill,
      'sql/U2.1__fill.sql': 'delete from touched;\ndelete from users;\n',
      'sql/R__names.sql': 'create or replace view names as select id from users;\n',
    },
    convert: true,
    names: ['V1_1__touched', 'V1__users', 'V2.1__fill'],
    knowsWhen: true,
  },
]

/** Runs it to its end, with nothing in its environment but what it is given. */
export async function runPeer(
  command: ReturnType<Tool['up']>,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly output: string }> {
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env
  const options = {
    cwd: command.cwd,
    env: { PATH, HOME, TMPDIR, ...command.env, ...env },
    timeout: 120_000,
  }
  return new Promise((resolve, reject) => {
    execFile(command.file, command.args, options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`
      if (error === null) resolve({ status: 0, output })
      else if (typeof error.code === 'number') resolve({ status: error.code, output })
      else reject(new Error(`${command.file}: ${error.message}\n${output}`))
    })
  })
}
