export async function createMigration(x: unknown): Promise<string> { throw x }
