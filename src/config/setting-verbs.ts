/** Which verbs take which settings, by what they do. */

export const writing = ['up', 'exec', 'serve'] as const
/** Those that go through many tenants. */
export const touring = ['up', 'status', 'verify', 'wait', 'exec'] as const
export const amending = ['stamp', 'repair', 'adopt'] as const
export const moving = [...writing, 'down'] as const
export const looking = ['doctor', 'unlock'] as const
export const trying = ['sql', 'roundtrip'] as const
export const running = ['up', 'status', 'history', 'verify', 'wait', 'exec', 'serve'] as const
export const connecting = [...running, 'down', ...amending, ...looking, ...trying, 'dump'] as const
export const planning = [
  'up',
  'status',
  'verify',
  'wait',
  'exec',
  'serve',
  ...amending,
  ...trying,
  'doctor',
] as const
