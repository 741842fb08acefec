/** An image that is older than the schema: after a rollback of the app it must start, unless told not to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestMajor } from '../../helpers/postgres.ts'
import { writeMigrations } from '../../helpers/workspace.ts'
import { createScene, errorOf, eventsOf, type Scene } from './scene.ts'

type Files = Readonly<Record<string, string>>

const old = {
  '0001_users.sql': 'create table users (id integer);',
  '0002_posts.sql': 'create table posts (id integer);',
}
const ahead = {
  '0005_tags.sql': 'create table tags (id integer);',
  '0006_names.ts':
    "export const up = async ({ sql }) => {\n  await sql.raw('create table names (id integer)')\n}\n",
}
const late = { '0003_late.sql': 'create table late (id integer);' }
const allowLate = { SLIPWAY_OUT_OF_ORDER: 'allow' }

interface Rollback {
  readonly name: string
  /** The newer image, started once with each of these folders. */
  readonly newer: readonly Files[]
  readonly older: Files
  readonly env?: Readonly<Record<string, string>>
  readonly refused?: { readonly code: string; readonly message: RegExp; readonly hint: RegExp }
  /** Of the warning of `up` and `wait` where nothing is refused. */
  readonly warning?: string
}

const breakingScript =
  'export const options = { breaking: true }\nexport const up = async ({ sql }) => {\n  await sql`drop table posts`\n}\n'
const breakingSql = '-- migrate:up breaking:true\ndrop table posts;\n'
const allNew = 'the database is ahead of this image by 2: 0005_tags, 0006_names'
const isBreaking = (name: string): NonNullable<Rollback['refused']> => ({
  code: 'ahead-breaking',
  message: new RegExp(`${name} is applied, unknown to this image, and declared breaking`),
  hint: /SLIPWAY_ON_AHEAD=allow-breaking/,
})

const rollbacks: readonly Rollback[] = [
  { name: 'two newer migrations', newer: [{ ...old, ...ahead }], older: old, warning: allNew },
  {
    name: 'a late one applied by the newer image in between',
    newer: [
      { ...old, ...ahead },
      { ...old, ...ahead, ...late },
    ],
    older: old,
    warning: 'the database is ahead of this image by 3: 0003_late, 0005_tags, 0006_names',
  },
  {
    name: 'a late one applied in between, which this image knows',
    newer: [
      { ...old, ...ahead },
      { ...old, ...ahead, ...late },
    ],
    older: { ...old, ...late },
    warning: allNew,
  },
  {
    name: 'a late one of its own that this image applies',
    newer: [{ ...old, ...ahead }],
    older: { ...old, ...late },
    warning: allNew,
  },
  {
    name: 'a breaking one in TypeScript',
    newer: [{ ...old, ...ahead, '0007_break.ts': breakingScript }],
    older: old,
    refused: isBreaking('0007_break'),
  },
  {
    name: 'a breaking one in SQL, with others after it',
    newer: [{ ...old, '0003_break.sql': breakingSql, ...ahead }],
    older: old,
    refused: isBreaking('0003_break'),
  },
  {
    name: 'a breaking one that is allowed',
    newer: [{ ...old, '0003_break.sql': breakingSql }],
    older: old,
    env: { SLIPWAY_ON_AHEAD: 'allow-breaking' },
    warning: 'the database is ahead of this image by 1: 0003_break',
  },
  {
    name: 'SLIPWAY_ON_AHEAD=error',
    newer: [{ ...old, ...ahead }],
    older: old,
    env: { SLIPWAY_ON_AHEAD: 'error' },
    refused: {
      code: 'ahead',
      message: /0005_tags is applied, but unknown[\s\S]*0006_names is applied, but unknown/,
      hint: /SLIPWAY_ON_AHEAD=allow slipway up$/,
    },
  },
]

/** A folder of migrations for each image. */
function bake(scene: Scene, image: string, files: Files): Readonly<Record<string, string>> {
  const inImage = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`../${image}/${name}`, text]),
  )
  writeMigrations(scene.workspace, inImage)
  return { SLIPWAY_DIR: scene.workspace.path(image) }
}

for (const { name, newer, older, env, refused, warning } of rollbacks) {
  test(`an older image on a newer schema: ${name}`, async () => {
    await using scene = await createScene(newestMajor)
    for (const [index, files] of newer.entries())
      await scene.up(0, { ...bake(scene, `newer${index}`, files), ...allowLate })
    const image = { ...bake(scene, 'older', older), ...allowLate, ...env }
    const before = await scene.history()
    for (const argv of [['up'], ['wait', '--timeout', '20s'], ['up']]) {
      const result = await scene.run(argv, image)
      assert.equal(result.code, refused === undefined ? 0 : 65, `${argv[0]}\n${result.stderr}`)
      if (refused !== undefined) {
        const { code, message, hint } = errorOf(result)
        assert.equal(code, refused.code)
        assert.match(message, refused.message)
        assert.match(hint ?? '', refused.hint)
        assert.deepEqual(await scene.history(), before)
      } else {
        const warnings = eventsOf(result, 'warning').map((event) => event.msg)
        assert.deepEqual(warnings, [warning], `${argv[0]}\n${result.stderr}`)
      }
    }
  })
}
