// End-to-end tests wait for conditions, each with a limit; this one only ends what hangs.
import { jest } from '@jest/globals'
import { patience } from './patience.ts'

jest.setTimeout(180_000 * patience)
