import type { Migration } from 'slipway'

/** Data and schema change together: values are bound, and all of it commits with the history row or not at all. */
export const up: Migration = async ({ sql, rowExists, log }) => {
  if (await rowExists('users', { email: 'harbour@example.com' })) return
  const [user] = await sql<{ id: number }>`
    insert into users (id, name, email)
    values (1, ${'Harbour Master'}, ${'harbour@example.com'})
    returning id`
  await sql`insert into posts (id, author_id, title) values (1, ${user?.id}, ${'All aboard'})`
  log('wrote the welcome post', { author: user?.id })
}

export const down: Migration = async ({ sql }) => {
  await sql`delete from users where email = ${'harbour@example.com'}`
}
