/** What the module of likelihoods exports: fitting only, apart from the module that evidence is computed with again. */
export { backward, forward } from './msgarch';

export function heapBase(): usize {
  return __heap_base;
}
