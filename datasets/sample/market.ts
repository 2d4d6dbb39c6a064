/**
 * Sample market: bars made by a simulator, with figures measured on real markets (`calibration.json`). Simulated: true, always.
 *
 *   log return in percent  r_i = m_s · √h_i · z_i
 *   h_i' = ω_i + (α_i + γ_i·1[e_i < 0]) e_i² + β_i h_i,  e_i = √h_i · z_i       GJR (1993); the multiplier m_s is kept out of the
 *   recursion, so that a crisis does not make the variance explode
 *   s a Markov chain of three regimes, one step an hour; correlation by regime
 *   z_i = F_i⁻¹(T(x_i)), x ~ multivariate t: a t-copula with Student-t margins of unit variance, |z| tempered at `Z_MAX`
 *   high and low: extremes of the Brownian bridge between open and close; volume: log-linear in volatility, AR(1) residual
 *
 * Every draw is a pure function of (seed, purpose, path, step, lane); exp, log and normal quantile are the kernel's own: the same
 * seed gives the same bits on every machine. A shorter sample is the beginning of a longer one.
 */
import { canonicalJson, digest } from '../../base/id.ts';
import { PURPOSE } from '../../base/random.ts';
import { type Kernel, loadKernel } from '../../kernel/kernel.ts';
import type { PanelSource } from '../panel.ts';
import type { Series } from '../series.ts';
import calibration from './calibration.json' with { type: 'json' };
import * as Student from './student.ts';

/** 2024-11-01 00:00 UTC. The dates are as invented as the prices. */
const STARTS_MS = 1_730_419_200_000;
const HOUR_MS = 3_600_000;
const TWO_YEARS_OF_HOURS = 17_520;

/** Streams of the purpose `sampleMarket`, one a use. */
const PATH = { regime: 0, shock: 1, high: 2, low: 3, volume: 4 } as const;
/** The kernel's mixing draw has its own purpose; no scenario set reaches this path. */
const MIXING_PATH = 4_000_000_000;

/** Fits on two and a half years end at persistence 1 for BTC and ETH; the regimes already carry the slow part. */
const MAX_PERSISTENCE = 0.985;
const Z_MAX = 20;
/** Below this a law of two years' length hardly shows its own variance: BTC (2.9) and ETH (3.0) are drawn with it instead. */
const NU_MIN = 3.5;

export function sampleMarket(seed: number, hours = TWO_YEARS_OF_HOURS): { series: Series[]; sources: PanelSource[]; quote: string } {
  const kernel = loadKernel();
  const regimes = regimePath(kernel, seed, hours);
  const shocks = standardShocks(kernel, seed, regimes);
  const series = calibration.assets.map((law, lane) => barsOf(kernel, seed, lane, law, regimes, shocks[lane]!));
  const sha256 = digest(canonicalJson({ calibration, seed, hours, kernel: kernel.digest }));
  return { series, sources: [{ name: `built-in simulator, seed ${seed}`, sha256, rows: hours * series.length }], quote: 'USD' };
}

type AssetLaw = (typeof calibration.assets)[number];

/** Starts in the likeliest regime. Probabilities of a day spread evenly over its hours. */
function regimePath(kernel: Kernel, seed: number, hours: number): Uint8Array {
  const regimes = new Uint8Array(hours);
  let state = 1;
  for (let hour = 0; hour < hours; hour += 1) {
    regimes[hour] = state;
    let left = kernel.uniform(seed, PURPOSE.sampleMarket, PATH.regime, hour, 0) * 24;
    const row = calibration.transitionDay[state]!;
    for (let to = 0; to < row.length; to += 1) {
      if (to === regimes[hour]) continue;
      if (left < row[to]!) {
        state = to;
        break;
      }
      left -= row[to]!;
    }
  }
  return regimes;
}

/** z by asset and hour. */
function standardShocks(kernel: Kernel, seed: number, regimes: Uint8Array): Float64Array[] {
  const size = calibration.assets.length;
  const nu = calibration.copulaNu;
  const factors = calibration.correlationByRegime.map(cholesky);
  const margins = calibration.assets.map((law) => Student.margin(kernel, nu, Math.max(NU_MIN, law.nu), Z_MAX));
  const shocks = calibration.assets.map(() => new Float64Array(regimes.length));
  const normal = new Float64Array(size);
  for (let hour = 0; hour < regimes.length; hour += 1) {
    const mix = Math.sqrt(nu / kernel.chiSquare(seed, MIXING_PATH, hour, nu));
    const factor = factors[regimes[hour]!]!;
    for (let lane = 0; lane < size; lane += 1) {
      normal[lane] = kernel.normalQuantile(kernel.uniform(seed, PURPOSE.sampleMarket, PATH.shock, hour, lane));
      let sum = 0;
      for (let k = 0; k <= lane; k += 1) sum += factor[lane]![k]! * normal[k]!;
      shocks[lane]![hour] = margins[lane]!(sum * mix);
    }
  }
  return shocks;
}

function barsOf(kernel: Kernel, seed: number, lane: number, law: AssetLaw, regimes: Uint8Array, shocks: Float64Array): Series {
  const hours = regimes.length;
  const column = (): Float64Array => new Float64Array(hours);
  const bars = { timesMs: column(), open: column(), high: column(), low: column(), close: column(), volume: column() };
  const { alpha, gamma, beta, omega, variance } = stationary(law);
  let h = variance;
  let logPrice = kernel.log(law.lastPrice);
  let usual = variance;
  let residual = 0;
  for (let hour = 0; hour < hours; hour += 1) {
    const multiplier = calibration.regimes[regimes[hour]!]!.multiplier;
    const e = Math.sqrt(h) * shocks[hour]!;
    const spread = (multiplier * Math.sqrt(h)) / 100;
    const next = logPrice + (multiplier * e) / 100;
    bars.timesMs[hour] = STARTS_MS + hour * HOUR_MS;
    bars.open[hour] = hour === 0 ? digits(kernel.exp(logPrice)) : bars.close[hour - 1]!;
    bars.close[hour] = digits(kernel.exp(next));
    const up = bridge(kernel, logPrice, next, spread, kernel.uniform(seed, PURPOSE.sampleMarket, PATH.high, hour, lane));
    const down = bridge(kernel, -logPrice, -next, spread, kernel.uniform(seed, PURPOSE.sampleMarket, PATH.low, hour, lane));
    bars.high[hour] = Math.max(digits(kernel.exp(up)), bars.open[hour]!, bars.close[hour]!);
    bars.low[hour] = Math.min(digits(kernel.exp(-down)), bars.open[hour]!, bars.close[hour]!);

    usual = 0.8 * usual + 0.2 * (multiplier * e) * (multiplier * e);
    const draw = kernel.normalQuantile(kernel.uniform(seed, PURPOSE.sampleMarket, PATH.volume, hour, lane));
    residual =
      law.volumeResidualAr1 * residual + law.volumeResidualSd * Math.sqrt(1 - law.volumeResidualAr1 * law.volumeResidualAr1) * draw;
    const logVolumeUsd = kernel.log(law.volumeDayUsd / 24) + law.volumeElasticity * 0.5 * kernel.log(usual / variance) + residual;
    bars.volume[hour] = digits(kernel.exp(logVolumeUsd) / bars.close[hour]!);

    h = omega + (alpha + (e < 0 ? gamma : 0)) * e * e + beta * h;
    logPrice = next;
  }
  return { asset: law.asset, source: `built-in simulator, seed ${seed}`, ...bars };
}

/** The measured law at a persistence below the cap, and at the variance measured on the returns themselves. */
function stationary(law: AssetLaw): { alpha: number; gamma: number; beta: number; omega: number; variance: number } {
  const persistence = Math.min(MAX_PERSISTENCE, law.alpha + law.gamma / 2 + law.beta);
  const beta = persistence - law.alpha - law.gamma / 2;
  const variance = (law.volatilityDayPct * law.volatilityDayPct) / 24;
  return { alpha: law.alpha, gamma: law.gamma, beta, omega: variance * (1 - persistence), variance };
}

/** Highest point of a Brownian bridge from a to b with deviation `spread`, by inversion of its distribution function at u. */
function bridge(kernel: Kernel, a: number, b: number, spread: number, u: number): number {
  return (a + b + Math.sqrt((b - a) * (b - a) - 2 * spread * spread * kernel.log(u))) / 2;
}

function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const factor: number[][] = matrix.map(() => []);
  for (let i = 0; i < matrix.length; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k += 1) sum -= factor[i]![k]! * factor[j]![k]!;
      factor[i]![j] = i === j ? Math.sqrt(sum) : sum / factor[j]![j]!;
    }
  }
  return factor;
}

/** Seven significant digits, as venues print. */
function digits(value: number): number {
  return Number(value.toPrecision(7));
}
