/** CommonJS migrations, told by their syntax and run from the text that was hashed. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { compileFunction, constants } from 'node:vm'

export const commonJsParameters = ['exports', 'require', 'module', '__filename', '__dirname']

/** True if the text parses as CommonJS: `import` and `export` at top level do not, so a module is never taken for it. */
export function isCommonJs(text: string): boolean {
  try {
    compileFunction(text, commonJsParameters)
    return true
  } catch {
    return false
  }
}

/**
 * Runs the text as the CommonJS file at `path` and returns its `module.exports`. Node's loader would read the file
 * again; served from a hook, its `require` does not work on Node 22.
 */
export function runCommonJs(text: string, path: string): unknown {
  const module: { exports: unknown } = { exports: {} }
  const run = compileFunction(text, commonJsParameters, {
    filename: path,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  run.call(module.exports, module.exports, createRequire(path), module, path, dirname(path))
  return module.exports
}
