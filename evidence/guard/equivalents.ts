/** Mutants of the guard that no test can tell from it, because they are the same programme, each with the reason. */
import type { Equivalent } from './mutation.ts';

export const EQUIVALENTS: readonly Equivalent[] = [];
