/** The verbs that write migrations; the flags of `new` are its own and all that templates can be told. */
import { parameterFlags } from '../templates/parameters.ts'

const newFlags = [
  {
    flag: 'template',
    type: { kind: 'string', placeholder: 'TEMPLATE' },
    default: 'blank',
    doc: 'What to write: one of slipway templates.',
  },
  { flag: 'sql', type: { kind: 'boolean' }, doc: 'Write a .sql file; without it, TypeScript.' },
  {
    flag: 'pair',
    type: { kind: 'boolean' },
    doc: 'Write SQL as two files, NAME.up.sql and NAME.down.sql.',
  },
  {
    flag: 'dialect',
    type: { kind: 'choice', values: ['postgres', 'sqlite'] },
    doc: 'For which database; without it, the configured one.',
  },
  {
    flag: 'var',
    type: { kind: 'string', placeholder: 'KEY=VALUE' },
    doc: "A value for {{KEY}} in one of the project's own templates.",
    repeated: true,
  },
  ...parameterFlags,
] as const

export const newVerb = {
  summary: 'write the next migration from a template',
  arguments: 'NAME',
  details:
    'The version is the time in UTC, and never sorts before an existing migration. Which template takes which flags: slipway templates, and docs/templates.md.',
  flags: newFlags,
  examples: [
    'slipway new add_user_preferences',
    'slipway new add_user_preferences --sql',
    'slipway new add_user_age --template add-column --table users --column age:integer',
  ],
} as const

export const templatesVerb = {
  summary: 'list the templates of new, with their flags',
  details: "The project's own come first. Needs no database.",
  flags: [{ flag: 'json', type: { kind: 'boolean' }, doc: 'Print the result as JSON on stdout.' }],
  examples: ['slipway templates', 'slipway templates --json'],
} as const
