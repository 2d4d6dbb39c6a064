/**
 * One regime of a Markov-switching GARCH along all bars: its variances and densities, and the score of those under weights.
 *
 * The score goes backwards (the adjoint of the recursion): it carries the derivative of all later densities in the next bar's h.
 * Equations: see `msgarch.ts`. Arrays are of all regimes, one regime after the other; `from` is where this one begins.
 */
export type Regime = {
  readonly omega: number;
  readonly alpha: number;
  readonly gamma: number;
  readonly beta: number;
  /** null: normal errors. */
  readonly nu: number | null;
  /** Of the density: it and the derivative of its logarithm in ν. */
  readonly constant: number;
  readonly constantByNu: number;
};

/** The density of bar t is `level` · exp(`log`); 1 for a bar that was not observed. */
export type Densities = { readonly variance: Float64Array; readonly log: Float64Array; readonly level: Float64Array };

export type RegimeScore = { mu: number; omega: number; alpha: number; gamma: number; beta: number; nu: number; first: number };

/** Fills this regime's part of `out` from h of the first bar; h of the bar after the last. */
export function densities(returns: Float64Array, mu: number, p: Regime, h0: number, out: Densities, from: number): number {
  const { omega, alpha, gamma, beta, constant } = p;
  const { variance, log, level } = out;
  const student = p.nu !== null;
  const nu = p.nu ?? 0;
  const half = -0.5 * (nu + 1);
  const spread = 1 / (nu - 2);
  const halfGamma = 0.5 * gamma;
  const phi = alpha + gamma / 2 + beta;
  const n = returns.length;
  let h = h0;
  for (let t = 0; t < n; t += 1) {
    variance[from + t] = h;
    const e = returns[t]! - mu;
    if (Number.isNaN(e)) {
      log[from + t] = 0;
      level[from + t] = 1;
      h = omega + phi * h;
      continue;
    }
    const square = e * e;
    const precision = 1 / h;
    log[from + t] = student ? half * Math.log(1 + square * precision * spread) : -0.5 * square * precision;
    level[from + t] = constant * Math.sqrt(precision);
    // e² − e|e| is twice the square of a fall: a branch on a coin toss costs more than all the rest.
    h = omega + alpha * square + halfGamma * (square - e * Math.abs(e)) + beta * h;
  }
  return h;
}

/** Score of Σ weight_t · ln density_t; `weights` are by bar, `states` a bar, this regime's at `state`. `first` is the derivative in h0. */
export function score(
  returns: Float64Array,
  mu: number,
  p: Regime,
  { variance, log }: Densities,
  from: number,
  weights: Float64Array,
  states: number,
  state: number,
): RegimeScore {
  const { alpha, gamma, beta, constantByNu } = p;
  const student = p.nu !== null;
  const nu = p.nu ?? 0;
  const spread = 1 / (nu - 2);
  const perNu = 1 / (nu + 1);
  const phi = alpha + gamma / 2 + beta;
  let gMu = 0;
  let gOmega = 0;
  let gAlpha = 0;
  let gGamma = 0;
  let gBeta = 0;
  let gNu = 0;
  let byNext = 0;
  for (let t = returns.length - 1; t >= 0; t -= 1) {
    const h = variance[from + t]!;
    const e = returns[t]! - mu;
    gOmega += byNext;
    gBeta += byNext * h;
    if (Number.isNaN(e)) {
      gAlpha += byNext * h;
      gGamma += 0.5 * byNext * h;
      byNext *= phi;
      continue;
    }
    const square = e * e;
    const size = Math.abs(e);
    const weight = weights[t * states + state]!;
    gAlpha += byNext * square;
    gGamma += 0.5 * byNext * (square - e * size);
    const precision = 1 / h;
    let byH: number;
    let byE: number;
    if (student) {
      const q = square * precision * spread;
      const pull = (nu + 1) / (1 + q);
      byE = pull * e * precision * spread;
      byH = (-0.5 + 0.5 * pull * q) * precision;
      // ln(1 + q) is in `log` already.
      gNu += weight * (constantByNu + log[from + t]! * perNu + 0.5 * pull * q * spread);
    } else {
      byE = e * precision;
      byH = 0.5 * (square * precision - 1) * precision;
    }
    gMu += weight * byE - byNext * (2 * alpha * e + gamma * (e - size));
    byNext = weight * byH + beta * byNext;
  }
  return { mu: gMu, omega: gOmega, alpha: gAlpha, gamma: gGamma, beta: gBeta, nu: gNu, first: byNext };
}
