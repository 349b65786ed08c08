/** Jest on native ES modules; swc strips the types (tsc checks them apart). */
const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'es6' },
}
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  testEnvironment: 'node',
}
const conformance = {
  ...common,
  roots: ['<rootDir>/test/conformance'],
  globalSetup: '<rootDir>/test/conformance/start-cluster.ts',
  globalTeardown: '<rootDir>/test/conformance/stop-cluster.ts',
  setupFilesAfterEnv: ['<rootDir>/test/conformance/timeouts.ts'],
}
export default {
  // Of one file's `test.concurrent`, which are for tests that mostly wait.
  maxConcurrency: 16,
  projects: [
    { ...common, displayName: 'unit', setupFilesAfterEnv: ['<rootDir>/test/timeouts.ts', '<rootDir>/test/fuzz-seed.ts'], roots: ['<rootDir>/pkg', '<rootDir>/cmd'], testMatch: ['**/*.test.ts'] },
    { ...common, displayName: 'scenario', setupFilesAfterEnv: ['<rootDir>/test/timeouts.ts'], roots: ['<rootDir>/test/scenario'], testMatch: ['**/*.test.ts'] },
    { ...common, displayName: 'e2e', setupFilesAfterEnv: ['<rootDir>/test/e2e/timeouts.ts'], roots: ['<rootDir>/test/e2e'], testMatch: ['**/*.test.ts'] },
    { ...common, displayName: 'containerd2', setupFilesAfterEnv: ['<rootDir>/test/e2e/timeouts.ts'], roots: ['<rootDir>/test/containerd2'], testMatch: ['**/*.test.ts'] },
    { ...common, displayName: 'vm', setupFilesAfterEnv: ['<rootDir>/test/e2e/timeouts.ts'], roots: ['<rootDir>/test/vm'], testMatch: ['**/*.test.ts'] },
    { ...conformance, displayName: 'conformance', testMatch: ['**/*.test.ts'] },
    { ...conformance, displayName: 'conformance-serial', testMatch: ['**/*.serial.ts'] },
    { ...conformance, displayName: 'conformance-slow', testMatch: ['**/*.slow.ts'] },
  ],
}
