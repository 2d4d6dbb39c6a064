/**
 * One suite, in Node. Properties use one seed a run, printed first: `FAST_CHECK_SEED=random npm test` explores,
 * `FAST_CHECK_SEED=<printed number>` repeats.
 */
import { configDefaults, defineConfig } from 'vitest/config';

// vitest reads its configuration from a default export: the one such export here.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'dist/**'],
    environment: 'node',
    pool: 'forks',
    globalSetup: ['test/seed.setup.ts'],
    setupFiles: ['test/properties.setup.ts'],
    // Two busy cores: what takes one second alone may take five beside a chain and a database.
    testTimeout: 30_000,
    hookTimeout: 90_000,
    teardownTimeout: 20_000,
    // What a test waits to see comes in a frame on a quiet machine.
    expect: { poll: { timeout: 10_000 } },
  },
});
