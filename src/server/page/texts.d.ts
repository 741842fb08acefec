/** Files that the bundle holds as texts: see `texts` in scripts/bundle-plugins.ts. */
declare module '*.css' {
  export const text: string
}
declare module '*.svg' {
  export const text: string
}
