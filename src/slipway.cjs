#!/usr/bin/env node
'use strict'
// Plain old JavaScript on purpose: an older Node must be able to read this far and say what is wrong.
var wanted = [22, 18]
var found = process.versions.node.split('.').map(Number)
if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  process.stderr.write(
    'slipway needs Node ' +
      wanted.join('.') +
      ' or later; this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ')\n',
  )
  process.exitCode = 78
} else {
  require('./bundle/code-cache.cjs').start(require('node:path').join(__dirname, 'bundle'))
}
