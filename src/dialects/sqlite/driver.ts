export const readVersion = () => 'x'
