// IPv4 arithmetic of the service network: ranges, membership, offsets.

export interface AddressRange {
  /** First address of the network, as a number. */
  readonly base: number
  /** How many addresses can be given out: all but the network's own and the broadcast address. */
  readonly size: number
}

export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  const parts = match.slice(1).map(Number)
  if (parts.some((part, index) => part > 255 || String(part) !== match[index + 1])) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** A range that an object states: any length; undefined when it is not of IPv4 or has nothing to give. */
export function statedRange(cidr: string): AddressRange | undefined {
  const [address = '', bits = ''] = cidr.split('/')
  const base = parseIpv4(address)
  const length = Number(bits)
  if (base === undefined || !/^\d{1,2}$/.test(bits) || length > 30) return undefined
  const count = 2 ** (32 - length)
  return { base: base - (base % count), size: count - 2 }
}

export function parseRange(cidr: string): AddressRange {
  const [address = '', bits = ''] = cidr.split('/')
  const base = parseIpv4(address)
  const length = Number(bits)
  if (base === undefined || !/^\d{1,2}$/.test(bits) || length < 8 || length > 30) throw new Error(`the service network is an IPv4 CIDR with a length of 8 to 30: ${cidr}`)
  const count = 2 ** (32 - length)
  return { base: base - (base % count), size: count - 2 }
}

/** 1 for the first address that can be given out; undefined outside the range. */
export function offsetIn(range: AddressRange, address: number): number | undefined {
  const offset = address - range.base
  return offset >= 1 && offset <= range.size ? offset : undefined
}

/** Explicitly chosen addresses usually are low ones; addresses are therefore given out above this offset while there are some. */
export function reservedOffsets(size: number, most = 256): number {
  const step = Math.floor(size / 16)
  return size < 16 ? 0 : Math.min(Math.max(step, 16), most)
}

/** A free offset in `1..size`, at random above `reserved` and, when that is full, below. */
export function chooseOffset(size: number, reserved: number, taken: (offset: number) => boolean, random: () => number): number | undefined {
  const search = (first: number, last: number): number | undefined => {
    const count = last - first + 1
    if (count <= 0) return undefined
    const start = Math.floor(random() * count)
    for (let step = 0; step < count; step++) {
      const offset = first + (start + step) % count
      if (!taken(offset)) return offset
    }
    return undefined
  }
  return search(reserved + 1, size) ?? search(1, reserved)
}
