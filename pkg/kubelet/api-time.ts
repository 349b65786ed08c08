// Times as the API writes them: RFC 3339, whole seconds, or microseconds for leases. Pure.
export const isoTime = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')

export const isoMicroTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')
