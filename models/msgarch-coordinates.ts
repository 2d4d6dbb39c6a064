/**
 * Where a Markov-switching GARCH is searched: coordinates without constraints, and the way back. Equations: see `msgarch.ts`.
 *
 * [μ], logits of the transitions, then by regime: logit of φ/max, logit of β/φ, [logit of the share of bad news], ln V, [ln(ν − min)],
 * where φ = α + γ/2 + β and ω = floor + V (1 − φ): the level V and the persistence φ are nearly independent, ω and φ are not.
 */
import * as Chain from './math/chain.ts';
import { type Parameters, persistence, type Score, type Spec } from './msgarch-filter.ts';

const MAX_PERSISTENCE = 0.9999;
/** Of the mean square, which is 1 here. */
const OMEGA_FLOOR = 1e-6;
const MIN_NU = 2.05;
const MAX_NU = 500;
const BOUND_MARGIN = 1e-5;

export function toNatural(x: Float64Array, spec: Spec): Parameters {
  const { states } = spec;
  const place = places(spec);
  const student = spec.errors === 'student';
  const [omega, alpha, gamma, beta, nu] = Array.from({ length: 5 }, () => new Float64Array(states)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let k = 0; k < states; k += 1) {
    const at = place.regimes + k * place.width;
    const phi = MAX_PERSISTENCE * logistic(x[at]!);
    const share = logistic(x[at + 1]!);
    const news = phi * (1 - share);
    const bad = spec.asymmetric ? logistic(x[at + 2]!) : 0.5;
    omega[k] = OMEGA_FLOOR + Math.exp(x[at + place.level]!) * (1 - phi);
    alpha[k] = 2 * news * (1 - bad);
    gamma[k] = spec.asymmetric ? 2 * news * (2 * bad - 1) : 0;
    beta[k] = phi * share;
    if (student) nu[k] = Math.min(MAX_NU, MIN_NU + Math.exp(x[at + place.level + 1]!));
  }
  return {
    mu: spec.mean === 'constant' ? x[0]! : 0,
    transition: Chain.fromLogits(x, place.logits, states),
    omega,
    alpha,
    gamma,
    beta,
    nu: student ? nu : null,
  };
}

/** Score in natural parameters to gradient in search coordinates. */
export function chain(x: Float64Array, natural: Parameters, score: Score, spec: Spec, out: Float64Array): void {
  const place = places(spec);
  if (spec.mean === 'constant') out[0] = score.mu;
  Chain.logitScore(natural.transition, score.transition, spec.states, out, place.logits);
  for (let k = 0; k < spec.states; k += 1) {
    const at = place.regimes + k * place.width;
    const phi01 = logistic(x[at]!);
    const phi = MAX_PERSISTENCE * phi01;
    const share = logistic(x[at + 1]!);
    const news = phi * (1 - share);
    const level = Math.exp(x[at + place.level]!);
    const [dOmega, dAlpha, dGamma, dBeta] = [score.omega[k]!, score.alpha[k]!, score.gamma[k]!, score.beta[k]!];
    let dNews = dAlpha;
    if (spec.asymmetric) {
      const bad = logistic(x[at + 2]!);
      dNews = 2 * (1 - bad) * dAlpha + 2 * (2 * bad - 1) * dGamma;
      out[at + 2] = (-2 * news * dAlpha + 4 * news * dGamma) * bad * (1 - bad);
    }
    out[at] = (share * dBeta + (1 - share) * dNews - level * dOmega) * phi * (1 - phi01);
    out[at + 1] = phi * (dBeta - dNews) * share * (1 - share);
    out[at + place.level] = dOmega * level * (1 - phi);
    if (spec.errors === 'student') {
      const above = Math.exp(x[at + place.level + 1]!);
      out[at + place.level + 1] = MIN_NU + above < MAX_NU ? score.nu[k]! * above : 0;
    }
  }
}

export function fromNatural(p: Parameters, spec: Spec): Float64Array {
  const place = places(spec);
  const x = new Float64Array(place.regimes + spec.states * place.width);
  if (spec.mean === 'constant') x[0] = p.mu;
  x.set(Chain.toLogits(p.transition, spec.states), place.logits);
  for (let k = 0; k < spec.states; k += 1) {
    const at = place.regimes + k * place.width;
    const phi = persistence(p, k);
    const news = p.alpha[k]! + p.gamma[k]! / 2;
    x[at] = logit(phi / MAX_PERSISTENCE);
    x[at + 1] = logit(p.beta[k]! / phi);
    if (spec.asymmetric) x[at + 2] = logit((p.alpha[k]! + p.gamma[k]!) / (2 * news));
    x[at + place.level] = Math.log(Math.max(1e-12, p.omega[k]! - OMEGA_FLOOR) / (1 - phi));
    if (spec.errors === 'student') x[at + place.level + 1] = Math.log(Math.max(1e-3, (p.nu?.[k] ?? 6) - MIN_NU));
  }
  return x;
}

/** Returns × `scale`. */
export function rescaled(p: Parameters, scale: number): Parameters {
  return { ...p, mu: p.mu * scale, omega: p.omega.map((omega) => omega * scale * scale) };
}

/** Regimes by unconditional variance, rising. */
export function ordered(p: Parameters): Parameters {
  const level = (k: number) => p.omega[k]! / (1 - persistence(p, k));
  const order = Array.from({ length: p.omega.length }, (_, k) => k).sort((a, b) => level(a) - level(b));
  const moved = (values: Float64Array) => Float64Array.from(order, (k) => values[k]!);
  return {
    mu: p.mu,
    transition: Chain.reordered(p.transition, order),
    omega: moved(p.omega),
    alpha: moved(p.alpha),
    gamma: moved(p.gamma),
    beta: moved(p.beta),
    nu: p.nu === null ? null : moved(p.nu),
  };
}

/** What ended on a bound, and the coordinates that have no curvature because of it. */
export function bounds(p: Parameters, spec: Spec): { readonly atBound: string[]; readonly held: boolean[] } {
  const { states } = spec;
  const place = places(spec);
  const atBound: string[] = [];
  const held = new Array<boolean>(place.regimes + states * place.width).fill(false);
  let logitPlace = place.logits;
  for (let i = 0; i < states; i += 1) {
    for (let j = 0; j < states; j += 1) {
      const share = p.transition[i * states + j]!;
      const isAt = share < BOUND_MARGIN || share > 1 - BOUND_MARGIN;
      if (isAt) atBound.push(`transition from ${i + 1} to ${j + 1}`);
      if (i !== j) held[logitPlace++] = isAt;
    }
  }
  for (let k = 0; k < states; k += 1) {
    const at = place.regimes + k * place.width;
    const hold = (isAt: boolean, name: string, coordinate: number) => {
      if (!isAt) return;
      atBound.push(`${name} of regime ${k + 1}`);
      held[coordinate] = true;
    };
    const phi = persistence(p, k);
    hold(phi > MAX_PERSISTENCE - BOUND_MARGIN || phi < BOUND_MARGIN, 'persistence', at);
    hold(p.alpha[k]! + p.gamma[k]! / 2 < BOUND_MARGIN, spec.asymmetric ? 'news' : 'alpha', at + 1);
    hold(p.beta[k]! < BOUND_MARGIN, 'beta', at + 1);
    if (spec.asymmetric) {
      hold(p.alpha[k]! < BOUND_MARGIN, 'alpha', at + 2);
      hold(p.alpha[k]! + p.gamma[k]! < BOUND_MARGIN, 'gamma', at + 2);
    }
    hold(p.omega[k]! < 2 * OMEGA_FLOOR, 'omega', at + place.level);
    const nu = p.nu?.[k];
    if (nu !== undefined) hold(nu < MIN_NU + 1e-3 || nu > MAX_NU - 1, 'nu', at + place.level + 1);
  }
  return { atBound, held };
}

/** In the order of `unflat`; ν left out for normal errors. */
export function flat(p: Parameters): Float64Array {
  return Float64Array.from([p.mu, ...p.transition, ...p.omega, ...p.alpha, ...p.gamma, ...p.beta, ...(p.nu ?? [])]);
}

export function unflat(values: Float64Array, { states, errors }: Spec): Parameters {
  let at = 1 + states * states;
  const next = () => {
    at += states;
    return values.slice(at - states, at);
  };
  return {
    mu: values[0]!,
    transition: values.slice(1, 1 + states * states),
    omega: next(),
    alpha: next(),
    gamma: next(),
    beta: next(),
    nu: errors === 'student' ? next() : null,
  };
}

function places({ states, mean, asymmetric, errors }: Spec) {
  const logits = mean === 'constant' ? 1 : 0;
  const level = asymmetric ? 3 : 2;
  return { logits, regimes: logits + states * (states - 1), level, width: level + (errors === 'student' ? 2 : 1) };
}

function logit(share: number): number {
  const inside = Math.min(1 - 1e-7, Math.max(1e-7, Number.isNaN(share) ? 0.5 : share));
  return Math.log(inside / (1 - inside));
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
