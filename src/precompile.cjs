#!/usr/bin/env node
'use strict'
// For the build of an image: see docs/speed.md.
const { precompile } = require('./bundle/precompile.cjs')
const count = precompile(`${__dirname}/bundle`)
process.stdout.write(`slipway: ${count} files compiled for Node ${process.versions.node}\n`)
