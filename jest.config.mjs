// Tests are compiled by `tsc -b` and run as compiled: no transformer, and stack traces still point at
// the `.ts` files.
/** @type {import('jest').Config} */
export default {
  rootDir: 'test/dist',
  testMatch: ['**/*.test.js'],
  transform: {},
  testEnvironment: 'node',
  coverageProvider: 'v8',
  testTimeout: 60_000,
  maxWorkers: 2,
  globalSetup: './support/global-setup.js',
  globalTeardown: './support/global-teardown.js',
};
