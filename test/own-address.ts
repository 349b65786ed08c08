// This machine's own address for servers that tests reach through Endpoints, where loopback addresses are refused.
import { networkInterfaces } from 'node:os'

const found = Object.values(networkInterfaces()).flat().find((one) => one?.family === 'IPv4' && !one.internal)
if (!found) throw new Error('the tests need a network interface with an IPv4 address beside loopback')

export const ownAddress = found.address
