/** The blank templates. A blank SQL file is refused until something is written in it. */

export const blankTypeScript = `import type { Migration } from 'slipway'

export const up: Migration = async ({ sql }) => {
  // Write the change here, for example:
  // if (!(await columnExists('users', 'email'))) await sql\`alter table users add column email text\`
  await sql\`select 1\`
}

// Without a down the migration cannot be rolled back.
// export const down: Migration = async ({ sql }) => {
//   await sql\`alter table users drop column email\`
// }
`

export const blankSql = `-- migrate:up


-- migrate:down

`
