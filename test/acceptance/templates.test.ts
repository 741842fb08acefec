/** What each template writes is run on tables that hold rows; test/slow/acceptance/templates.test.ts does it on every major, in every form. */
import { test } from 'node:test'
import { newestMajor } from '../helpers/postgres.ts'
import { expectPrintedScripts, goThereAndBack, writeEitherName } from '../helpers/template-cases.ts'
import { createTemplateScene } from '../helpers/template-scene.ts'

test(`PostgreSQL ${newestMajor}: up, down and up of all templates`, async () => {
  await using scene = await createTemplateScene('postgres', newestMajor)
  await goThereAndBack(scene, 'typescript')
  await goThereAndBack(scene, 'sql', { isPrinted: true })
  await writeEitherName(scene)
})

test('SQLite: up, down and up of all templates', async () => {
  await using scene = await createTemplateScene('sqlite')
  await goThereAndBack(scene, 'typescript')
  await goThereAndBack(scene, 'sql', { isPrinted: true })
  await goThereAndBack(scene, 'sql-pair')
  await expectPrintedScripts(scene)
  await writeEitherName(scene)
})
