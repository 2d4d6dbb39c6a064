/** Gives fast-check the run's seed in every test file. */
import * as fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED']) });
