/**
 * Models that switch and correlate against gretl's GARCH-normal and statsmodels: `npx tsx bench/peers/switching.ts [rounds]`. Writes
 * docs/evidence/speed-switching.md.
 *
 * gretl's GARCH-normal with standard errors on 3,000 simulated bars is the unit. Needs `gretlcli`, and Python with statsmodels.
 */
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Dcc from '../../models/dcc.ts';
import * as Garch from '../../models/garch.ts';
import * as Hmm from '../../models/hmm.ts';
import { normalQuantile } from '../../models/math/special.ts';
import * as MsGarch from '../../models/msgarch.ts';
import * as Peer from './peer.ts';

const SEED = 20_261_122;
const BARS = 3_000;
const SERIES = 8;
const ROWS = 2_000;
const NORMAL: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' };
/** The truth of speed-garch.md, so that the yardstick is the same there. */
const TRUTH: Garch.Parameters = { mu: 0.05, omega: 0.05, alpha: 0.05, gamma: 0, beta: 0.93, nu: null };
const SWITCHING: MsGarch.Parameters = {
  mu: 0.02,
  transition: Float64Array.of(0.99, 0.01, 0.04, 0.96),
  omega: Float64Array.of(0.02, 0.3),
  alpha: Float64Array.of(0.04, 0.12),
  gamma: new Float64Array(2),
  beta: Float64Array.of(0.92, 0.82),
  nu: null,
};
const TWO: MsGarch.Spec = { states: 2, mean: 'constant', asymmetric: false, errors: 'normal', presample: 'unconditional' };
const YARDSTICK = 'GARCH-normal';
const ONE_COLUMN = 'HMM of two states, 3,000 × 1';
/** What each is to cost at most, in yardsticks. */
const GOALS: Readonly<Record<string, number>> = {
  'MS-GARCH of two regimes': 5,
  'HMM of two states, full covariance, 3,000 × 8, one start': 4,
  'DCC, 8 × 2,000, volatilities included': 13,
  'DCC, 8 × 2,000, volatilities and standard errors included': 20,
};

if (process.argv[2] === 'ours') ours();
else bench(Number(process.argv[2] ?? 5));

function ours(): void {
  const [switching, hidden, without, within] = Object.keys(GOALS) as [string, string, string, string];
  const value = ({ logLikelihood }: { readonly logLikelihood: number }) => [logLikelihood];
  const bars = MsGarch.simulate(SWITCHING, BARS, stream(2));
  Peer.report(switching, 60, () => MsGarch.fit(bars, TWO, { seed: 1 }), value);
  const wide = { values: hiddenRows(SERIES), dimensions: SERIES };
  Peer.report(hidden, 25, () => Hmm.fit(wide, 2, { seed: 1, starts: 1, covariance: 'full' }), value);
  const narrow = { values: hiddenRows(1), dimensions: 1 };
  Peer.report(ONE_COLUMN, 12, () => Hmm.fit(narrow, 2, { seed: 1 }), value);
  const columns = correlatedReturns();
  for (const [work, standardErrors] of [[without, false] as const, [within, true] as const])
    Peer.report(work, 12, () => dynamic(columns, standardErrors), value);
}

/** Both stages: the volatility of each series with its standard errors, then the correlations of what is left. */
function dynamic(columns: readonly Float64Array[], standardErrors: boolean) {
  const fits = columns.map((returns) => Garch.fit(returns, NORMAL));
  const left = fits.map(({ parameters }, i) => Garch.filter(columns[i]!, parameters, NORMAL).standardized);
  const { logLikelihood } = Dcc.fit(left, { standardErrors });
  return { logLikelihood: fits.reduce((sum, fit) => sum + fit.logLikelihood, logLikelihood) };
}

function bench(rounds: number): void {
  const figures = Peer.withFolder((folder) => {
    const data = Peer.columns(folder, 'returns.csv', { r: Garch.simulate(TRUTH, BARS, stream(0)) });
    const one = Peer.columns(folder, 'hidden.csv', { r: hiddenRows(1) });
    return Peer.inTurn(rounds, [
      Peer.ours('switching.ts'),
      Peer.gretl('garch/gretl.inp', data),
      Peer.python('statsmodels', ['statsmodels'], 'switching/markov.py', one, ONE_COLUMN),
    ]);
  });
  const unit = Peer.milliseconds(figures, 'gretl', YARDSTICK);
  const rows = figures.map(({ who, work, milliseconds, values }) => [
    `${who} ${work}`,
    milliseconds.toFixed(2),
    (milliseconds / unit).toFixed(2),
    who === 'Plimsoll' ? (GOALS[work] ?? '') : '',
    values[0]!.toFixed(6),
  ]);
  Peer.writeEvidence('docs/evidence/speed-switching.md', [
    '# Models that switch and correlate against their peers',
    '',
    `Made by \`npx tsx bench/peers/switching.ts ${rounds}\`: ${rounds} rounds in turn, one core, best of each. The unit is gretl's GARCH-normal with`,
    `standard errors on ${BARS} simulated bars in the same run. MS-GARCH: ${BARS} bars, all its starts, standard errors included. DCC: eight`,
    'GARCH-normal fits with standard errors, then the correlations. HMM on one column: twelve starts here, one in statsmodels, which starts',
    'the chain from its steady state, so that its likelihood differs a little. Milliseconds belong to the machine of the run; ratios travel.',
    '',
    ...Peer.tableOf(['fit', 'ms', `gretl ${YARDSTICK} = 1`, 'goal at most', 'log-likelihood'], rows),
  ]);
}

/** A calm and a crisis with its own variances, correlations (0.3 and 0.7) and drift, flat. */
function hiddenRows(dimensions: number): Float64Array {
  const out = new Float64Array(BARS * dimensions);
  let state = 0;
  for (let t = 0; t < BARS; t += 1) {
    if (uniform(SEED, PURPOSE.regime, 0, t, 0) < (state === 0 ? 0.01 : 0.04)) state = 1 - state;
    const [size, shared, drift] = state === 0 ? [1, 0.3, 0.05] : [2.2, 0.7, -0.1];
    const common = normal(3, t, 0);
    for (let d = 0; d < dimensions; d += 1) {
      const z = Math.sqrt(shared) * common + Math.sqrt(1 - shared) * normal(4, t, d);
      out[t * dimensions + d] = drift + size * (1 + 0.1 * d) * z;
    }
  }
  return out;
}

/** DCC(0.03, 0.95) of equal correlation 0.5, each series a GARCH. */
function correlatedReturns(): Float64Array[] {
  const { mu, omega, alpha, beta } = TRUTH;
  const out = Array.from({ length: SERIES }, () => new Float64Array(ROWS));
  const h = new Float64Array(SERIES).fill(omega / (1 - alpha - beta));
  const q = Array.from({ length: SERIES * SERIES }, (_, place): number => (place % (SERIES + 1) === 0 ? 1 : 0.5));
  const target: readonly number[] = [...q];
  for (let t = 0; t < ROWS; t += 1) {
    const z = drawn(q, t);
    for (let i = 0; i < SERIES; i += 1) {
      const e = Math.sqrt(h[i]!) * z[i]!;
      out[i]![t] = mu + e;
      h[i] = omega + alpha * e * e + beta * h[i]!;
      for (let j = 0; j < SERIES; j += 1) {
        const place = i * SERIES + j;
        q[place] = 0.02 * target[place]! + 0.03 * z[i]! * z[j]! + 0.95 * q[place]!;
      }
    }
  }
  return out;
}

/** Of the correlation of `q`, by its Cholesky factor. */
function drawn(q: readonly number[], t: number): Float64Array {
  const factor = new Float64Array(SERIES * SERIES);
  const z = new Float64Array(SERIES);
  for (let i = 0; i < SERIES; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let left = q[i * SERIES + j]! / Math.sqrt(q[i * (SERIES + 1)]! * q[j * (SERIES + 1)]!);
      for (let k = 0; k < j; k += 1) left -= factor[i * SERIES + k]! * factor[j * SERIES + k]!;
      factor[i * SERIES + j] = i === j ? Math.sqrt(left) : left / factor[j * (SERIES + 1)]!;
      z[i] = z[i]! + factor[i * SERIES + j]! * normal(5, t, j);
    }
  }
  return z;
}

function normal(path: number, step: number, lane: number): number {
  return normalQuantile(uniform(SEED, PURPOSE.sampleMarket, path, step, lane));
}

function stream(path: number) {
  return { seed: SEED, purpose: PURPOSE.sampleMarket, path };
}
