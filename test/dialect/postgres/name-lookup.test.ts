import assert from 'node:assert/strict'
import { it } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { newestMajor, withDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

/** Host names are found for one second, then no more. */
const breakLookup = `import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
setTimeout(() => {
  const failure = (host) =>
    Object.assign(new Error('getaddrinfo EAI_AGAIN ' + host), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' })
  dns.lookup = (host, options, done) => done(failure(host))
  dns.promises.lookup = async (host) => { throw failure(host) }
  syncBuiltinESMExports()
}, 1000).unref()`

it('lets a long statement finish while host names cannot be looked up', () =>
  withDatabase(newestMajor, async (db) => {
    using workspace = createWorkspace({ 'break.mjs': breakLookup })
    const dir = writeMigrations(workspace, { '0001_long.sql': 'select pg_sleep(5);' })
    const url = db.url().replace('127.0.0.1', 'localhost')
    const { code, stderr } = await slipway(['up'], {
      nodeOptions: ['--import', workspace.path('break.mjs')],
      env: { SLIPWAY_DATABASE_URL: url, SLIPWAY_DIR: dir, SLIPWAY_KEEPALIVE: '700ms' },
    })
    assert.equal(code, 0, stderr)
  }))
