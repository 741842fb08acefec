/** What each template writes is run on tables that hold rows; test/slow/templates.test.ts does it on every major, in every form. */
import { test } from 'node:test'
import { newestMajor } from '../helpers/postgres.ts'
import { goThereAndBack, writeEitherName } from '../helpers/template-cases.ts'
import { createTemplateScene } from '../helpers/template-scene.ts'

test(`PostgreSQL ${newestMajor}: up, down and up of all templates`, async () => {
  await using scene = await createTemplateScene('postgres', newestMajor)
  await goThereAndBack(scene, 'typescript')
  await goThereAndBack(scene, 'sql')
  await writeEitherName(scene)
})

test('SQLite: up, down and up of all templates', async () => {
  await using scene = await createTemplateScene('sqlite')
  for (const form of ['typescript', 'sql', 'sql-pair'] as const) await goThereAndBack(scene, form)
  await writeEitherName(scene)
})
