import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convertGoose, convertNodePgMigrate } from '../../../src/sql/foreign-forms.ts'

const text = (converted: ReturnType<typeof convertGoose>) =>
  converted?.kind === 'converted' ? converted.text : converted?.why

const goose: readonly (readonly [string, string, string | undefined])[] = [
  ['up and down', '-- +goose Up\na;\n-- +goose Down\nb;\n', '-- migrate:up\na;\n-- migrate:down\nb;\n'],
  [
    'odd blanks and case',
    '--+goose UP \na;\n--  +goose  down\t\nb;',
    '-- migrate:up\na;\n-- migrate:down\nb;',
  ],
  [
    'statements',
    '-- +goose Up\n-- +goose StatementBegin\ncreate function f() as $$ a; b; $$;\n-- +goose StatementEnd\n',
    '-- migrate:up\ncreate function f() as $$ a; b; $$;\n',
  ],
  [
    'no transaction, below',
    '-- +goose Up\n-- +goose NO TRANSACTION\na;',
    '-- migrate:up transaction:false\na;',
  ],
  [
    'no transaction, either way',
    '-- +goose NO TRANSACTION\n-- +goose Up\na;\n-- +goose Down\nb;',
    '-- migrate:up transaction:false\na;\n-- migrate:down transaction:false\nb;',
  ],
  ['a comment above', '-- why\n\n-- +goose Up\na;', '-- why\n\n-- migrate:up\na;'],
  ['variables', '-- +goose Up\n-- +goose ENVSUB ON\na;', 'goose puts environment variables into it'],
  ['only a way down', '-- +goose Down\na;', 'it has no -- +goose Up'],
  ['an unknown word', '-- +goose Up\n-- +goose Sideways\n', '-- +goose sideways means nothing here'],
  ['not of goose', '-- migrate:up\n-- goose Up\nselect 1;', undefined],
  ['inside a line', "select '-- +goose Up';", undefined],
]
for (const [name, from, to] of goose) test(`goose: ${name}`, () => assert.equal(text(convertGoose(from)), to))

const nodePgMigrate: readonly (readonly [string, string, string | undefined])[] = [
  [
    'up and down',
    '-- Up Migration\na;\n\n-- Down Migration\nb;\n',
    '-- migrate:up\na;\n\n-- migrate:down\nb;\n',
  ],
  [
    'down first',
    '-- Down Migration\nb;\n-- Up Migration\na;\n',
    '-- migrate:up\na;\n\n-- migrate:down\nb;\n',
  ],
  ['up alone', '---- up migration of it\na;', '-- migrate:up\na;'],
  ['what is above is not run', 'x;\n-- Up Migration\na;', '-- migrate:up\na;'],
  [
    'down alone',
    'a;\n-- Down Migration\nb;',
    'it has no -- Up Migration, so that node-pg-migrate runs its way down as well',
  ],
  ['neither', 'a;', undefined],
]
for (const [name, from, to] of nodePgMigrate)
  test(`node-pg-migrate: ${name}`, () => assert.equal(text(convertNodePgMigrate(from)), to))
