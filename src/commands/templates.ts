/** `slipway templates` */
import { listTemplates, placeOfTemplates, readTemplate } from '../files/own-templates.ts'
import { type ListedTemplate, templateListText } from '../reporters/templates-text.ts'
import { exampleFlags } from '../templates/ask.ts'
import { flagSynopsisOf } from '../templates/flag-synopsis.ts'
import { flagOfKey, keysOf } from '../templates/placeholders.ts'
import { templates as builtIn } from '../templates/registry.ts'
import type { Template } from '../templates/template.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function templates(
  context: CommandContext,
  { json }: { readonly json: boolean },
): Promise<number> {
  const own = listOwn(context)
  const names = new Set(own.map(({ name }) => name))
  const list = [...own, ...builtIn.filter(({ name }) => !names.has(name)).map(describe)]
  if (json) context.printJson({ templates: list })
  else context.print(templateListText(list, { colors: context.colors }))
  return 0
}

function describe(template: Template): ListedTemplate {
  const sql = (['postgres', 'sqlite'] as const).filter(
    (dialect) => typeof template.sql[dialect] === 'function',
  )
  return {
    name: template.name,
    source: 'slipway',
    summary: template.summary,
    required: template.required.map(flagSynopsisOf),
    optional: template.optional.map(flagSynopsisOf),
    languages: [
      ...(typeof template.typescript === 'function' ? ['typescript'] : []),
      ...sql.map((dialect) => `sql for ${dialect}`),
    ],
    example: `slipway new NAME ${exampleFlags(template)}`,
  }
}

function listOwn({ config, cwd }: CommandContext): ListedTemplate[] {
  const place = placeOfTemplates(config.dir, config.templates)
  return [...listTemplates(place)].map(([name, extensions]) => {
    const template = readTemplate({ place, name, extensions, form: 'typescript', cwd })
    const required = keysOf(template).map(flagOfKey)
    return {
      name,
      source: 'project',
      summary: template.files.map(({ shown }) => shown).join(', '),
      required,
      optional: [],
      languages: [...new Set(extensions.map((extension) => (extension.endsWith('.sql') ? 'sql' : 'script')))],
      example: ['slipway new NAME --template', name, ...required].join(' '),
    }
  })
}
