// End-to-end tests wait for conditions, each with a limit; this one only ends what hangs.
import { jest } from '@jest/globals'

jest.setTimeout(180_000)
