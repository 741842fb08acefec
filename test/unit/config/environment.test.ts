import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { describeRunner } from '../../../src/config/environment.ts'
import type { Environment } from '../../../src/config/sources.ts'

const here = `${userInfo().username}@${hostname()}`
const rows: readonly (readonly [Environment, string])[] = [
  [{}, here],
  [{ HOSTNAME: 'box' }, here],
  [{ POD_NAMESPACE: 'shop', NODE_NAME: 'n1' }, here],
  [{ POD_NAMESPACE: 'shop', POD_NAME: 'api-7', NODE_NAME: 'n1' }, 'shop/api-7@n1'],
  [{ POD_NAME: 'api-7' }, 'api-7'],
  [{ KUBERNETES_SERVICE_HOST: '10.0.0.1', HOSTNAME: 'api-7', NODE_NAME: 'n1' }, 'api-7@n1'],
  [{ KUBERNETES_SERVICE_HOST: '10.0.0.1', HOSTNAME: 'x', POD_NAME: 'api-7' }, 'api-7'],
]

for (const [env, expected] of rows)
  test(`runner for ${JSON.stringify(env)}`, () => assert.equal(describeRunner(env), expected))
