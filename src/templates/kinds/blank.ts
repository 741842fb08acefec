import type { SqlStep, Template } from '../template.ts'

/** Its TypeScript runs as it is; its SQL is refused until something is written in it. */
export const blank: Template = {
  name: 'blank',
  summary: 'an empty migration',
  details: 'What `slipway new NAME` writes without `--template`.',
  required: [],
  optional: [],
  example: {},
  typescript: () => [
    {
      about: [],
      up: {
        uses: ['sql'],
        lines: [
          '// Write the change here, for example:',
          "// if (!(await columnExists('users', 'email'))) await sql`alter table users add column email text`",
          'await sql`select 1`',
        ],
      },
      end: [
        'Without a down the migration cannot be rolled back.',
        'export const down: Migration = async ({ sql }) => {',
        '  await sql`alter table users drop column email`',
        '}',
      ],
    },
  ],
  sql: { postgres: emptySql, sqlite: emptySql },
}

function emptySql(): SqlStep[] {
  return [{ about: [], up: [], down: [] }]
}
