/** What each template writes, in every form and on every major of the run; test/acceptance/templates.test.ts is the short of it. */
import { test } from 'node:test'
import { postgresMajors } from '../../helpers/postgres.ts'
import { goThereAndBack, writeEitherName } from '../../helpers/template-cases.ts'
import { createTemplateScene } from '../../helpers/template-scene.ts'

for (const major of postgresMajors)
  test(`PostgreSQL ${major}`, async () => {
    await using scene = await createTemplateScene('postgres', major)
    await goThereAndBack(scene, 'typescript')
    for (const form of ['sql', 'sql-pair'] as const) await goThereAndBack(scene, form, { isPrinted: true })
    await writeEitherName(scene)
  })
