/** What the module of likelihoods exports: fitting only, apart from the module that evidence is computed with again. */
export { score as dccScore } from './dcc';
export { backward as garchBackward, value as garchValue } from './garch';
export { curvature as garchCurvature } from './garch-curvature';
export { backward as hmmBackward, forward as hmmForward, relative as hmmRelative } from './hmm-chain';
export { diagonal as hmmDiagonal, full as hmmFull } from './hmm-density';
export { diagonalMoments as hmmDiagonalMoments, fullMoments as hmmFullMoments, weigh as hmmWeigh } from './hmm-moments';
export { backward as msgarchBackward, forward as msgarchForward } from './msgarch';

export function heapBase(): usize {
  return __heap_base;
}
