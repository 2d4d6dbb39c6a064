/**
 * How assets move together: DCC for today, regimes for tomorrow, a t-copula for the extremes.
 *
 *   R_s = tanh(atanh R_now + atanh R̂_s − Σ_k p_k atanh R̂_k)        R̂_s: correlation weighted by P(regime s), p: regime now
 *   C(λ) = (1 − λ) C + λ·11ᵀ,  λ by least squares between the calm and the crisis regime
 *
 * Works on normal scores of the standardised returns, so that one bar of one dying coin weighs no more than its rank (copula-DCC:
 * Jondeau and Rockinger 2006; Patton 2006). R_s is today's dynamic correlation, moved on Fisher's scale by what a change of regime
 * has moved it in the past: in the regime that holds now R_s is R_now. DCC and copula use at most the last `DCC_ROWS` and
 * `COPULA_ROWS` bars; the regimes use all. Repairs to positive definite are reported.
 */
import * as Copula from './copula.ts';
import * as Dcc from './dcc.ts';
import type { CorrelationLaw } from './market.ts';
import { nearestCorrelation, toRows } from './math/linear.ts';
import { normalQuantile } from './math/special.ts';
import { uniformScores } from './math/statistics.ts';

export const DCC_ROWS = 4_000;
export const COPULA_ROWS = 3_000;
/** Fisher's transform is kept finite. */
const LARGEST = 0.9999;

/** `standardized`: z by asset, NaN where not observed; `probability`: of the regimes before each bar, flat; `now`: at the last bar. */
export function fit(standardized: readonly Float64Array[], probability: Float64Array, now: readonly number[]): CorrelationLaw {
  const size = standardized.length;
  const rows = standardized[0]?.length ?? 0;
  const states = now.length;
  // 1. Normal scores.
  const scores = standardized.map((column) => uniformScores(column).map((u) => (Number.isNaN(u) ? u : normalQuantile(u))));
  // 2. DCC on the last bars.
  const recent = scores.map((column) => column.subarray(Math.max(0, rows - DCC_ROWS)));
  const dcc = Dcc.fit(recent);
  // 3. Correlation by regime.
  const raw = Array.from({ length: states }, (_, s) =>
    Dcc.sampleCorrelation(
      scores,
      Float64Array.from({ length: rows }, (_v, t) => probability[t * states + s]!),
    ),
  );
  const shift = dcc.next.map((entry, place) => fisher(entry) - raw.reduce((sum, matrix, s) => sum + now[s]! * fisher(matrix[place]!), 0));
  const byRegime = raw.map((matrix) => {
    const moved = matrix.map((entry, place) => (place % (size + 1) === 0 ? 1 : Math.tanh(shift[place]! + fisher(entry))));
    return nearestCorrelation(moved, size);
  });
  // 4. λ from calm to crisis.
  const crisisLambda = lambda(raw[0]!, raw[states - 1]!, size);
  // 5. Degrees of freedom of the copula, around the correlation of all bars.
  const overall = nearestCorrelation(Dcc.sampleCorrelation(scores), size);
  const copula = Copula.fit(standardized, overall.matrix, COPULA_ROWS);
  const repaired = dcc.repaired || byRegime.some((repair) => repair.repaired) || overall.repaired;
  return {
    dcc: { a: dcc.a, b: dcc.b },
    target: toRows(dcc.target, size),
    now: toRows(nearestCorrelation(dcc.next, size).matrix, size),
    byRegime: byRegime.map(({ matrix }) => toRows(matrix, size)),
    crisisLambda,
    copulaNu: copula.nu,
    repaired,
    fit: {
      model: 'DCC(1,1) and t-copula on normal scores',
      subject: 'market',
      observations: dcc.observations,
      logLikelihood: dcc.logLikelihood + copula.logLikelihood,
      converged: dcc.converged && copula.converged,
      evaluations: dcc.evaluations + copula.evaluations,
      atBound: [...dcc.atBound, ...copula.atBound],
      warnings: [
        ...dcc.warnings,
        ...copula.warnings,
        ...byRegime.flatMap((repair, s) =>
          repair.repaired ? [`correlation of regime ${s} moved by ${repair.distance.toExponential(1)} to be positive definite`] : [],
        ),
      ],
    },
  };
}

/** Least-squares λ of `from` → `to`, in [0, 1]. */
export function lambda(from: Float64Array, to: Float64Array, size: number): number {
  let above = 0;
  let below = 0;
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const room = 1 - from[i * size + j]!;
      above += (to[i * size + j]! - from[i * size + j]!) * room;
      below += room * room;
    }
  }
  return below > 0 ? Math.max(0, Math.min(1, above / below)) : 0;
}

function fisher(correlation: number): number {
  return Math.atanh(Math.max(-LARGEST, Math.min(LARGEST, correlation)));
}
