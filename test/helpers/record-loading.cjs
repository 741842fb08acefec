// Required before slipway: on exit it writes what was loaded to the file in TEST_LOADED, as JSON.
const { writeFileSync } = require('node:fs')
const { _cache: files } = require('node:module')

const before = new Set(process.moduleLoadList)
process.on('exit', () => {
  const added = process.moduleLoadList.filter((name) => !before.has(name))
  const builtins = added.flatMap((name) => /^NativeModule (.*)/.exec(name)?.[1] ?? [])
  writeFileSync(process.env.TEST_LOADED, JSON.stringify({ builtins, files: Object.keys(files) }))
})
