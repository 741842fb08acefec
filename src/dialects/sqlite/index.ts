export const sqlite: any = {}
