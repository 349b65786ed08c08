// Tests wait for conditions, not for times; this one only ends what hangs, so that a busy machine fails nothing.
import { jest } from '@jest/globals'

jest.setTimeout(60_000)
