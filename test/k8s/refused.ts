/** Values that the chart refuses, beside those that every hook needs, and a part of what helm says then. */
interface Refused {
  readonly values: object
  readonly says: RegExp
}

const image = { repository: 'registry.example/shop-migrations', tag: '1.4.0' }

export const refused: Readonly<Record<string, Refused>> = {
  'a mode that there is not': { values: { mode: 'cronjob' }, says: /mode/ },
  'a misspelled value': { values: { job: { backofLimit: 1 } }, says: /backofLimit/ },
  'no image': { values: { image: {} }, says: /repository/ },
  'an image without tag and digest': { values: { image: { repository: image.repository } }, says: /tag/ },
  'a tag in the repository’s place': { values: { image: { ...image, tag: 'a b' } }, says: /tag/ },
  'half a digest': { values: { image: { ...image, digest: 'sha256:abc' } }, says: /digest/ },
  'latest for a plain Job': { values: { mode: 'job', image: { ...image, tag: 'latest' } }, says: /tag/ },
  'a hook without a Secret': { values: { database: {} }, says: /existingSecret/ },
  'a hook with a Secret of the release': {
    values: { database: { url: 'postgres://shop@db/shop' } },
    says: /database\.url|database\/url/,
  },
  'a hook that names the Secret of the release': {
    values: { database: { existingSecret: 'shop-slipway-database' } },
    says: /a hook runs before that is there/,
  },
  'two databases': {
    values: { mode: 'job', database: { existingSecret: 'shop-database', url: 'postgres://shop@db/shop' } },
    says: /two databases/,
  },
  'a file and a Secret': {
    values: { database: { existingSecret: 'shop-database', file: '/run/database-url' } },
    says: /two databases/,
  },
  'variables and a Secret': {
    values: { database: { existingSecret: 'shop-database', variables: true } },
    says: /two databases/,
  },
  'a file without its folder': { values: { database: { file: 'database-url' } }, says: /file/ },
  'no database': { values: { mode: 'sidecar', database: {} }, says: /existingSecret/ },
  'another kind of database': {
    values: { mode: 'job', database: { url: 'mysql://shop@db/shop' } },
    says: /url/,
  },
  'the database among the settings': {
    values: { settings: { SLIPWAY_DATABASE_URL: 'postgres://shop@db/shop' } },
    says: /SLIPWAY_DATABASE_URL/,
  },
  'a password among the settings': {
    values: { settings: { SLIPWAY_SCRATCH_URL: 'postgres://shop:sesame@db/scratch' } },
    says: /SLIPWAY_SCRATCH_URL/,
  },
  'the database among the variables': {
    values: { extraEnv: [{ name: 'SLIPWAY_DATABASE_URL', value: 'postgres://shop@db/shop' }] },
    says: /extraEnv/,
  },
  'the database as a flag': { values: { args: ['--database-url=postgres://shop@db/shop'] }, says: /args/ },
  'a setting of another program': { values: { settings: { FLYWAY_URL: 'x' } }, says: /FLYWAY_URL/ },
  'hooks at no time': { values: { hook: { events: '' } }, says: /events/ },
  'hooks before a rollback': { values: { hook: { events: 'pre-rollback' } }, says: /events/ },
  'a weight that is no number': { values: { hook: { weight: 'first' } }, says: /weight/ },
  'pods that wait for a hook that waits for them': {
    values: { hook: { events: 'post-install,pre-upgrade' }, wait: { enabled: true } },
    says: /enabled/,
  },
  'a negative number of retries': { values: { job: { backoffLimit: -1 } }, says: /backoffLimit/ },
  'no time': { values: { job: { activeDeadlineSeconds: 0 } }, says: /activeDeadlineSeconds/ },
  'time in words': { values: { job: { activeDeadlineSeconds: '5m' } }, says: /activeDeadlineSeconds/ },
  'hook annotations by the back door': {
    values: { job: { annotations: { 'argocd.argoproj.io/hook': 'PreSync' } } },
    says: /argocd\.argoproj\.io/,
  },
  'a wait in no unit': { values: { wait: { timeout: '10' } }, says: /timeout/ },
  'a port that there is not': { values: { sidecar: { port: 73_000 } }, says: /port/ },
  'tenants in a sidecar': { values: { mode: 'sidecar', tenants: { enabled: true } }, says: /mode/ },
  'more pods than parts': {
    values: { tenants: { enabled: true, completions: 2, parallelism: 4, maxFailedIndexes: 2 } },
    says: /tenants\.parallelism/,
  },
  'more failures than parts': {
    values: { tenants: { enabled: true, completions: 2, parallelism: 2, maxFailedIndexes: 4 } },
    says: /tenants\.maxFailedIndexes/,
  },
  'Argo CD and Flux': {
    values: { argocd: { enabled: true }, flux: { enabled: true } },
    says: /only one of them/,
  },
  root: { values: { runAsUser: 0 }, says: /runAsUser/ },
  'the group of root': { values: { podSecurityContext: { fsGroup: 0 } }, says: /fsGroup/ },
  'a pod that may be root': { values: { podSecurityContext: { runAsNonRoot: false } }, says: /runAsNonRoot/ },
  'no requests': { values: { resources: { requests: null } }, says: /requests/ },
  'memory in no unit': { values: { resources: { limits: { memory: '256 MB' } } }, says: /memory/ },
  'less time to stop than a rollback may take': {
    values: { terminationGracePeriodSeconds: 5 },
    says: /terminationGracePeriodSeconds/,
  },
  'no end of time': { values: { job: { activeDeadlineSeconds: 'never' } }, says: /activeDeadlineSeconds/ },
  'a label of the chart’s own': {
    values: { commonLabels: { 'app.kubernetes.io/name': 'shop' } },
    says: /app\.kubernetes\.io\/name/,
  },
  'a label that is too long': { values: { podLabels: { team: 'a'.repeat(64) } }, says: /podLabels/ },
  'a way out to every port': { values: { networkPolicy: { extraEgress: [{}] } }, says: /ports/ },
  'a label that is no text': { values: { podLabels: { replicas: 2 } }, says: /podLabels/ },
  'an IPv6 address without brackets': { values: { sidecar: { address: '::' } }, says: /address/ },
  'an address that no probe gets to': { values: { sidecar: { address: '127.0.0.1' } }, says: /address/ },
  'that address by its name': { values: { sidecar: { address: 'localhost' } }, says: /address/ },
  'that address of IPv6': { values: { sidecar: { address: '[::1]' } }, says: /address/ },
  'an account that is none': { values: { serviceAccountName: 'a: b' }, says: /serviceAccountName/ },
  'a variable that is a setting, too': {
    values: {
      settings: { SLIPWAY_LOG_LEVEL: 'debug' },
      extraEnv: [{ name: 'SLIPWAY_LOG_LEVEL', value: 'info' }],
    },
    says: /extraEnv: SLIPWAY_LOG_LEVEL is among the settings/,
  },
  'a variable that is there twice': {
    values: {
      extraEnv: [
        { name: 'PGHOST', value: 'db' },
        { name: 'PGHOST', value: 'db2' },
      ],
    },
    says: /extraEnv: PGHOST is there twice/,
  },
}
