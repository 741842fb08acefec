/** What every verb that takes a target says to a name that no migration has, and to one that two have. */
import { type BadInput, severalMigrations, testBadInput } from '../helpers/bad-input.ts'

const verbs: Readonly<Record<string, (target: string) => readonly string[]>> = {
  'up --to': (target) => ['up', '--to', target],
  stamp: (target) => ['stamp', target, '--yes'],
  'repair --accept': (target) => ['repair', '--accept', target, '--yes'],
}

testBadInput(
  Object.entries(verbs).flatMap(([verb, argv]): BadInput[] => [
    {
      name: `${verb}: an unknown name, to which the nearest is offered`,
      files: severalMigrations,
      argv: argv('add_emial'),
      exit: 64,
      code: 'unknown-target',
      message: /no migration matches add_emial; did you mean 0002_add_email\?/,
      hint: /slipway status/,
    },
    {
      name: `${verb}: an ambiguous name, for which the candidates are named`,
      files: severalMigrations,
      argv: argv('add_'),
      exit: 64,
      code: 'ambiguous-target',
      message: /add_ could be 0002_add_email or 0003_add_phone/,
      hint: /full name or the version/,
    },
  ]),
)
