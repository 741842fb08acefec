import type { Migration } from 'slipway'

export const up: Migration = async ({ sql, columnExists, indexExists }) => {
  if (!(await columnExists('users', 'email'))) {
    await sql`alter table users add column email text`
  }
  if (!(await indexExists('users_email'))) {
    await sql`create unique index users_email on users (email)`
  }
}

export const down: Migration = async ({ sql }) => {
  await sql`drop index users_email`
  await sql`alter table users drop column email`
}
