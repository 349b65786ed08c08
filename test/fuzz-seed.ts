// Property tests try the same values in every run, so that a red run can be seen again; FUZZ_SEED=random (or a number) looks for new ones.
import fc from 'fast-check'

const seed = process.env['FUZZ_SEED'] ?? '1'
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })
