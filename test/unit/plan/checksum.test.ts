import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { checksumOf, normaliseText, pairSource, shortChecksum } from '../../../src/plan/checksum.ts'

const sameAs = (text: string) => `sha256-v1:${createHash('sha256').update(text).digest('hex')}`

const rows: readonly (readonly [what: string, source: string, hashed: string])[] = [
  ['as it is', 'select 1;', 'select 1;'],
  ['a byte order mark', '\uFEFFselect 1;', 'select 1;'],
  ['CRLF', 'select\r\n1;\r\n', 'select\n1;'],
  ['a final newline', 'select 1;\n', 'select 1;'],
  ['trailing blank lines', 'select 1;\n\n \t\n\r\n', 'select 1;'],
  ['blanks at the end of the last line count', 'select 1;  \n', 'select 1;  '],
  ['blank lines within count', 'a\n\n\nb', 'a\n\n\nb'],
  ['leading blank lines count', '\n\na', '\n\na'],
  ['a lone CR counts', 'a\rb', 'a\rb'],
  ['only blank lines', '\n \n\n', ''],
  ['empty', '', ''],
  ['UTF-8', 'größe', 'größe'],
]
for (const [what, source, hashed] of rows) {
  test(`checksum: ${what}`, () => assert.equal(checksumOf(source), sameAs(hashed)))
}

test('a change of one character changes the checksum', () => {
  assert.notEqual(checksumOf('select 1'), checksumOf('select 2'))
})

test('normaliseText removes only a leading mark', () => {
  assert.equal(normaliseText('\uFEFFa\r\nb\uFEFF'), 'a\nb\uFEFF')
})

test('shortChecksum', () => {
  assert.equal(shortChecksum(`sha256-v1:${'0123456789abcdef'.repeat(4)}`), '0123456789ab')
})

const pairs: readonly (readonly [what: string, up: string, down: string | undefined, source: string])[] = [
  ['up alone', 'create\n', undefined, 'create\n'],
  ['both', 'create\n\n', 'drop\n', '-- migrate:up\ncreate\n-- migrate:down\ndrop\n'],
  [
    'up with its marker',
    '-- migrate:up transaction:false\ncreate',
    'drop',
    '-- migrate:up transaction:false\ncreate\n-- migrate:down\ndrop\n',
  ],
  ['down with its marker', 'create', '--migrate:down\ndrop', '-- migrate:up\ncreate\n--migrate:down\ndrop\n'],
  ['an empty down', 'create', '', '-- migrate:up\ncreate\n-- migrate:down\n\n'],
]
for (const [what, up, down, source] of pairs) {
  test(`pair: ${what}`, () => assert.equal(pairSource(up, down), source))
}
