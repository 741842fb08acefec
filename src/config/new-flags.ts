/** The flags of `new`: its own, and all that templates can be told. */
import { parameterFlags } from '../templates/parameters.ts'

export const newFlags = [
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
