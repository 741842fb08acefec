import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withTypedFlags } from '../../../src/plan/typed-flags.ts'

const schema = { flag: 'schema', variable: 'SLIPWAY_SCHEMA', text: '--schema app', verbs: ['up', 'stamp'] }
const dir = { flag: 'dir', variable: 'SLIPWAY_DIR', text: "--dir 'my files'", verbs: ['up', 'stamp', 'new'] }

const table: [string, string][] = [
  ['run again: slipway up', "run again: slipway up --schema app --dir 'my files'"],
  ['slipway stamp head, or a name', "slipway stamp --schema app --dir 'my files' head, or a name"],
  [
    '(slipway new NAME); or: slipway up',
    "(slipway new --dir 'my files' NAME); or: slipway up --schema app --dir 'my files'",
  ],
  ['SLIPWAY_SCHEMA=x slipway up', "SLIPWAY_SCHEMA=x slipway up --dir 'my files'"],
  ['slipway stamp head --schema app --dir m --yes', 'slipway stamp head --schema app --dir m --yes'],
  ['slipway stamp head --schema=app', "slipway stamp --dir 'my files' head --schema=app"],
  ['slipway version', 'slipway version'],
  ['slipway up --help', 'slipway up --help'],
  ['slipway --help', 'slipway --help'],
  ['give it to the user that slipway runs as', 'give it to the user that slipway runs as'],
]

for (const [before, after] of table)
  test(before, () => assert.equal(withTypedFlags(before, [schema, dir]), after))

test('nothing was typed', () => assert.equal(withTypedFlags('slipway up'), 'slipway up'))
