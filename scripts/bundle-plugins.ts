/** What the bundle does otherwise than the sources and packages say, so that a start loads little. */
import { readFileSync } from 'node:fs'
import type { Plugin } from 'rolldown'

/** In CommonJS there is a `require`, and what it names is bundled; one made by `createRequire` would look outside. */
export const ownRequire: Plugin = {
  name: 'own-require',
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: 'createRequire(import.meta.url)' },
    handler: (code) => code.replace(/^const require = createRequire\(import\.meta\.url\)$/m, ''),
  },
}

/** Node loads what belongs to the global `performance` when it is first touched, for 1 ms; this is the same clock. */
export const ownClock: Plugin = {
  name: 'own-clock',
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: 'performance.now()' },
    handler: (code) => code.replaceAll('performance.now()', '(process.uptime() * 1000)'),
  },
}

/** Functions of node:crypto that src/ imports. */
const cryptoNames = ['hash', 'randomUUID', 'timingSafeEqual']

/**
 * Loaded when they are used. Packages name them at their top and use them in few of their functions, or never here:
 * the PostgreSQL driver is handed a socket on which TLS is agreed already, and node:tls takes 10 ms. node:crypto takes
 * 5 ms, which can pass while a connection is on its way.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  resolveId: {
    filter: { id: /^(?:node:)?(?:tls|perf_hooks|assert|crypto)$/ },
    handler(id, importer) {
      const name = id.replace('node:', '')
      if (importer?.includes('node_modules') === true) return `\0builtin:${name}`
      return name === 'crypto' ? '\0crypto' : null
    },
  },
  load: {
    filter: { id: /^\0(?:builtin:|crypto$)/ },
    handler(id) {
      if (id === '\0crypto') return cryptoNames.map((name) => exportLazily('crypto', name)).join('\n')
      const loaded = `process.getBuiltinModule('node:${id.slice('\0builtin:'.length)}')`
      return `module.exports = new Proxy(function () {}, {
  get: (_, key) => Reflect.get(${loaded}, key),
  apply: (_, self, args) => Reflect.apply(${loaded}, self, args),
})`
    },
  },
}

function exportLazily(builtin: string, name: string): string {
  return `export const ${name} = (...args) => process.getBuiltinModule('node:${builtin}').${name}(...args)`
}

/**
 * Packages of which a start needs nothing, though pino and the reading of settings name them at once. Each is replaced
 * by these exports, which load the real one, from a file of its own, when they are called.
 */
const laterPackages: Readonly<Record<string, string>> = {
  '@pinojs/redact': 'module.exports = (...args) => real()(...args)',
  dotenv: 'exports.parse = (...args) => real().parse(...args)',
  'on-exit-leak-free': `for (const name of ['register', 'registerBeforeExit', 'unregister'])
  exports[name] = (...args) => real()[name](...args)`,
  'pino-std-serializers': `for (const name of ['err', 'errWithCause', 'mapHttpRequest', 'mapHttpResponse', 'req', 'res', 'wrapErrorSerializer', 'wrapRequestSerializer', 'wrapResponseSerializer'])
  exports[name] = (...args) => real()[name](...args)`,
  'safe-stable-stringify': `exports.configure = (options) => {
  let stringify
  return (...args) => (stringify ??= real().configure(options))(...args)
}`,
  'sonic-boom': 'module.exports = function (...args) { return Reflect.construct(real(), args) }',
}

const entryMark = '\0entry:'
const standInMark = '\0later:'

/** Names of entries, and the packages they are. */
export const laterEntries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(laterPackages).map((name) => [fileNameOf(name), `${entryMark}${name}`]),
)

function fileNameOf(name: string): string {
  return `later-${name.replace(/\W+/g, '-').replace(/^-/, '')}`
}

export const laterOnes: Plugin = {
  name: 'later-ones',
  resolveId(id, importer) {
    if (id.startsWith(entryMark)) return id
    if (importer?.startsWith(standInMark) === true) return { id, external: true }
    if (importer?.startsWith(entryMark) === true) return null
    return Object.hasOwn(laterPackages, id) ? `${standInMark}${id}` : null
  },
  load(id) {
    if (id.startsWith(entryMark)) return `module.exports = require('${id.slice(entryMark.length)}')`
    if (!id.startsWith(standInMark)) return null
    const name = id.slice(standInMark.length)
    return `const real = () => require('./${fileNameOf(name)}.cjs')\n${laterPackages[name]}`
  },
}

/** pino's log writers in worker threads: slipway writes its lines itself, and a bundle has no file for a worker. */
export const withoutWorkers: Plugin = {
  name: 'without-workers',
  resolveId: {
    filter: { id: /^(?:worker_threads|\.\/(?:lib\/)?(?:transport|multistream))$/ },
    handler: (id, importer) =>
      importer?.includes('/node_modules/pino/') === true ? `\0no-workers:${id.split('/').at(-1)}` : null,
  },
  load: {
    filter: { id: /^\0no-workers:/ },
    handler: (id) =>
      id.endsWith('worker_threads')
        ? 'exports.isMainThread = true'
        : `module.exports = () => { throw new Error('this part of pino is not in the bundle') }`,
  },
}

/** What the status page is made of besides HTML: its stylesheet, icon and script go into the bundle as they are. */
export const texts: Plugin = {
  name: 'texts',
  load: {
    filter: { id: /\/src\/server\/page\/[\w.]+\.(?:css|svg|browser\.js)$/ },
    handler: (id) => ({
      code: `export const text = ${JSON.stringify(readFileSync(id, 'utf8'))}`,
      moduleType: 'js',
    }),
  },
}
