/** Its text: see `texts` in scripts/bundle-plugins.ts. */
export const text: string
