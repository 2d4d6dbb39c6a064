/**
 * Measures, on real recorded data, the figures the built-in sample is made with, and writes them as one small table.
 *
 *   npm run calibrate [-- FOLDER]        default FOLDER: ../shared/data
 *
 * What is measured, and how: see `units` in the table and the function of each entry below. Figures are rounded to what the data
 * can say; the data itself is not copied. Nothing at run time needs this script: the table is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { align } from '../datasets/align.ts';
import { endsAt, type MarketPanel } from '../datasets/panel.ts';
import * as Cells from '../datasets/sources/cells.ts';
import { readSeries } from '../datasets/sources/files.ts';
import * as Garch from '../models/garch.ts';
import * as Hmm from '../models/hmm.ts';
import * as Linear from '../models/math/linear.ts';
import { lgamma, tQuantile } from '../models/math/special.ts';
import * as Statistics from '../models/math/statistics.ts';

const ASSETS = ['AAVE', 'AVAX', 'BTC', 'COMP', 'CRV', 'ETH', 'LINK', 'MATIC', 'MKR', 'SNX', 'SOL', 'UNI'];
/** All twelve are listed from here on. */
const FROM = '2021-04-05T00:00:00Z';
const STATES = 3;
const LABELS = ['calm', 'turbulent', 'crisis'];
const SEED = 1;
const HOURS = 24;
/** Below this, quotes differ by fees and stale reference prices more than by size; choosing by cost instead would bias the slope. */
const IMPACT_FROM_USD = 3_000_000;
const OUT = 'datasets/sample/calibration.json';

type Matrix = number[][];

async function main(folder: string): Promise<void> {
  const read = await readSeries(join(folder, 'hourly'));
  const wanted = read.series.filter(({ asset }) => ASSETS.includes(asset));
  const panel = align(wanted, { quote: read.quote, sources: read.sources, simulated: false, from: FROM });
  say(`panel ${panel.startsAt} to ${endsAt(panel)}, ${panel.assets.length} assets, ${panel.length} bars`);
  const returns = panel.assets.map((asset) => returnsPct(panel.bars[asset]!.close));
  const regimes = measureRegimes(returns);
  say(`regimes: ${JSON.stringify(regimes.table)}`);
  const laws = panel.assets.map((asset, index) => measureLaw(asset, returns[index]!, regimes));
  const standardized = laws.map(({ standardized: z }) => z);
  const table = {
    measured: {
      on: new Date().toISOString().slice(0, 10),
      command: 'npm run calibrate',
      data: `hourly spot bars of ${panel.assets.length} assets in ${panel.quote}, ${panel.startsAt} to ${endsAt(panel)}; 1inch quotes of 2023-11-20; 1,000 largest Aave v3 borrowers of 2025-12-01`,
      note: 'Figures only. The sources are read where they lie and are not part of this project.',
    },
    units: {
      law: 'GJR-t on hourly log returns in percent divided by the regime multiplier of the day: variance in percent squared, unit variance; nu degrees of freedom',
      regimes:
        'Gaussian hidden Markov model on the daily cross-asset mean log realised volatility, 3 states by rising volatility; multiplier m with the time-weighted mean of m squared = 1',
      correlation: 'Pearson correlation of standardised hourly residuals by regime, in the order of assets; clipped at 6',
      copulaNu: 'degrees of freedom maximising the t-copula likelihood of the residuals at their overall correlation, on a grid',
      moves:
        'log returns in percent: worst hour and the 0.1 % quantile of hours; correlationHour and volatilityDay as measured on the raw returns',
      volume:
        'log hourly volume = mean + elasticity · log(|return| EWMA over its mean) + AR(1) residual; volumeDayUsd is the median daily volume of the last 365 days',
      impact:
        'cost of selling Q: impactY · volatilityDay · (Q / volumeDayUsd)^impactDelta, fitted to quotes of at least 3 million USD of WETH, wstETH and WBTC into USDC and USDT, against the venue volume of the 30 days before',
      book: 'quantiles at 0, 5, 10 … 100 %; health factors after eMode, accounts with less collateral than debt left out',
    },
    assets: panel.assets.map((asset, index) => ({
      asset,
      ...laws[index]!.law,
      ...measureMoves(returns[index]!),
      ...measureVolume(panel, asset),
    })),
    regimes: regimes.table,
    transitionDay: rounded(regimes.transition, 4),
    correlationByRegime: LABELS.map((_, state) => rounded(correlations(standardized, regimes.stateOfHour, state), 3)),
    correlationHour: rounded(correlations(returns, regimes.stateOfHour, undefined), 3),
    copulaNu: measureCopulaNu(standardized),
    impact: measureImpact(folder, panel),
    book: measureBook(folder),
  };
  writeFileSync(
    OUT,
    `${JSON.stringify(table, null, 1).replaceAll(/\[\s+([-\d.,\s]+?)\s+\]/g, (_, inner: string) => `[${inner.replaceAll(/\s+/g, ' ')}]`)}\n`,
  );
  say(`wrote ${OUT}; now: npm run format`);
}

function returnsPct(close: readonly (number | null)[]): Float64Array {
  return Float64Array.from(close, (price, i) => {
    const before = i === 0 ? null : close[i - 1]!;
    return price === null || before === null ? Number.NaN : 100 * Math.log(price / before);
  });
}

type Regimes = {
  readonly stateOfHour: Uint8Array;
  readonly multiplier: readonly number[];
  readonly transition: Matrix;
  readonly table: object[];
};

/** Days are classified by their filtered probability; the multiplier is the mean ratio of a day's variance to the asset's own. */
function measureRegimes(returns: readonly Float64Array[]): Regimes {
  const days = Math.floor(returns[0]!.length / HOURS);
  const perDay = returns.map((series) =>
    Float64Array.from({ length: days }, (_, day) => meanSquare(series.subarray(day * HOURS, (day + 1) * HOURS))),
  );
  const overall = perDay.map((variances) => Statistics.mean(variances.filter((value) => value > 0)));
  const market = Float64Array.from({ length: days }, (_, day) => {
    const logs = perDay.flatMap((variances, asset) => (variances[day]! > 0 ? [0.5 * Math.log(variances[day]! / overall[asset]!)] : []));
    return logs.length === 0 ? Number.NaN : Statistics.mean(logs);
  });
  const observations = { values: market, dimensions: 1 };
  const fitted = Hmm.fit(observations, STATES, { seed: SEED });
  const parameters = Hmm.ordered(fitted.parameters, 1, (state) => fitted.parameters.mean[state]!);
  const { probability } = Hmm.filter(observations, parameters);
  const stateOfDay = Array.from({ length: days }, (_, day) => argmax(probability.subarray(day * STATES, (day + 1) * STATES)));
  const stateOfHour = Uint8Array.from(returns[0]!, (_, hour) => stateOfDay[Math.min(days - 1, Math.floor(hour / HOURS))]!);

  const shares = LABELS.map((_, state) => stateOfDay.filter((one) => one === state).length / days);
  const ratios = LABELS.map((_, state) =>
    Statistics.mean(
      perDay.map(
        (variances, asset) => Statistics.mean(variances.filter((value, day) => stateOfDay[day] === state && value > 0)) / overall[asset]!,
      ),
    ),
  );
  const scale = ratios.reduce((sum, ratio, state) => sum + ratio * shares[state]!, 0);
  const multiplier = ratios.map((ratio) => Math.sqrt(ratio / scale));
  const transition = LABELS.map((_, from) => LABELS.map((__, to) => parameters.transition[from * STATES + to]!));
  const table = LABELS.map((label, state) => ({
    label,
    share: round(shares[state]!, 3),
    meanDurationDays: round(1 / (1 - transition[state]![state]!), 2),
    multiplier: round(multiplier[state]!, 3),
  }));
  return { stateOfHour, multiplier, transition, table };
}

function measureLaw(asset: string, returns: Float64Array, regimes: Regimes): { law: object; standardized: Float64Array } {
  const scaled = returns.map((value, hour) => value / regimes.multiplier[regimes.stateOfHour[hour]!]!);
  const fitted = Garch.fit(scaled, Garch.GJR_T);
  const { omega, alpha, gamma, beta } = fitted.parameters;
  const nu = fitted.parameters.nu ?? Number.POSITIVE_INFINITY;
  say(
    `${asset}: alpha ${round(alpha, 4)} gamma ${round(gamma, 4)} beta ${round(beta, 4)} nu ${round(nu, 2)} converged ${fitted.converged}`,
  );
  const { standardized } = Garch.filter(scaled, fitted.parameters, Garch.GJR_T);
  const law = {
    omega: round(omega, 6),
    alpha: round(alpha, 4),
    gamma: round(gamma, 4),
    beta: round(beta, 4),
    nu: round(nu, 2),
  };
  return { law, standardized };
}

function measureMoves(returns: Float64Array): object {
  const rising = Statistics.sorted(returns.filter((value) => !Number.isNaN(value)));
  const squares = returns.filter((value) => !Number.isNaN(value));
  return {
    volatilityDayPct: round(Math.sqrt(HOURS * meanSquare(squares)), 3),
    worstHourPct: round(rising[0]!, 1),
    quantile01Pct: round(Statistics.quantileOfSorted(rising, 0.001), 2),
    absoluteAutocorrelation24: round(lagged(squares.map(Math.abs), HOURS), 3),
  };
}

function measureVolume(panel: MarketPanel, asset: string): object {
  const { close, volume } = panel.bars[asset]!;
  const returns = returnsPct(close);
  const x: number[] = [];
  const y: number[] = [];
  const daily: number[] = [];
  let ewma = meanSquare(returns.filter((value) => !Number.isNaN(value)));
  // Both sides relative to their own trailing month: years of falling prices and volumes are no elasticity.
  let usualX = Number.NaN;
  let usualY = Number.NaN;
  for (let i = 1; i < close.length; i += 1) {
    if (Number.isNaN(returns[i]!) || !(volume[i]! > 0)) continue;
    ewma = 0.8 * ewma + 0.2 * returns[i]! ** 2;
    const xNow = 0.5 * Math.log(Math.max(ewma, 1e-6));
    const yNow = Math.log(volume[i]! * close[i]!);
    usualX = Number.isNaN(usualX) ? xNow : usualX + (xNow - usualX) / (30 * HOURS);
    usualY = Number.isNaN(usualY) ? yNow : usualY + (yNow - usualY) / (30 * HOURS);
    x.push(xNow - usualX);
    y.push(yNow - usualY);
  }
  for (let end = close.length; end >= HOURS && daily.length < 365; end -= HOURS) {
    let sum = 0;
    for (let i = end - HOURS; i < end; i += 1) sum += (volume[i] ?? 0) * (close[i] ?? 0);
    daily.push(sum);
  }
  const slope = (Statistics.correlation(x, y) * Math.sqrt(Statistics.variance(y))) / Math.sqrt(Statistics.variance(x));
  const intercept = Statistics.mean(y) - slope * Statistics.mean(x);
  const residual = Float64Array.from(y, (value, i) => value - intercept - slope * x[i]!);
  return {
    lastPrice: Number(close.findLast((price) => price !== null)!.toPrecision(4)),
    volumeDayUsd: Number(Statistics.quantileOfSorted(Statistics.sorted(daily), 0.5).toPrecision(3)),
    volumeElasticity: round(slope, 3),
    volumeResidualSd: round(Math.sqrt(Statistics.variance(residual)), 3),
    volumeResidualAr1: round(lagged(residual, 1), 3),
  };
}

function correlations(series: readonly Float64Array[], stateOfHour: Uint8Array, state: number | undefined): Matrix {
  const clip = 6 * (state === undefined ? 100 : 1);
  const hours = Array.from(stateOfHour.keys()).filter(
    (hour) => (state === undefined || stateOfHour[hour] === state) && series.every((one) => !Number.isNaN(one[hour]!)),
  );
  const columns = series.map((one) => Float64Array.from(hours, (hour) => Math.max(-clip, Math.min(clip, one[hour]!))));
  return columns.map((a, i) => columns.map((b, j) => (i === j ? 1 : Statistics.correlation(a, b))));
}

/** Every fourth hour is enough: the grid is coarser than the standard error. */
function measureCopulaNu(standardized: readonly Float64Array[]): number {
  const size = standardized.length;
  const hours = Array.from(standardized[0]!.keys()).filter(
    (hour) => hour % 4 === 0 && standardized.every((one) => !Number.isNaN(one[hour]!)),
  );
  const scores = standardized.map((one) => Statistics.uniformScores(Float64Array.from(hours, (hour) => one[hour]!)));
  const best = { nu: 0, value: Number.NEGATIVE_INFINITY };
  for (const nu of [3, 4, 5, 6, 7, 8, 10, 12, 15, 20]) {
    const quantiles = tTable(nu);
    const x = scores.map((score) => Float64Array.from(score, quantiles));
    const matrix = Linear.fromRows(
      x.map((a, i) =>
        x.map((b, j) =>
          i === j
            ? 1
            : Statistics.correlation(
                a.map((v) => clamp(v, 8)),
                b.map((v) => clamp(v, 8)),
              ),
        ),
      ),
    );
    const factor = Linear.cholesky(matrix, size);
    let logDeterminant = 0;
    for (let i = 0; i < size; i += 1) logDeterminant += 2 * Math.log(factor[i * size + i]!);
    const constant = lgamma((nu + size) / 2) + (size - 1) * lgamma(nu / 2) - size * lgamma((nu + 1) / 2) - 0.5 * logDeterminant;
    let value = hours.length * constant;
    const solved = new Float64Array(size);
    for (let t = 0; t < hours.length; t += 1) {
      let quadratic = 0;
      let margins = 0;
      for (let i = 0; i < size; i += 1) {
        let sum = x[i]![t]!;
        for (let j = 0; j < i; j += 1) sum -= factor[i * size + j]! * solved[j]!;
        solved[i] = sum / factor[i * size + i]!;
        quadratic += solved[i]! ** 2;
        margins += Math.log1p(x[i]![t]! ** 2 / nu);
      }
      value += ((nu + 1) / 2) * margins - ((nu + size) / 2) * Math.log1p(quadratic / nu);
    }
    say(`copula nu ${nu}: ${round(value, 1)}`);
    if (value > best.value) Object.assign(best, { nu, value });
  }
  return best.nu;
}

/** Quantiles by linear interpolation on 4,000 nodes: the exact inverse at 100,000 points would take a minute. */
function tTable(nu: number): (p: number) => number {
  const nodes = 4000;
  const values = Float64Array.from({ length: nodes }, (_, i) => tQuantile((i + 0.5) / nodes, nu));
  return (p) => {
    const at = p * nodes - 0.5;
    if (at <= 0 || at >= nodes - 1) return tQuantile(p, nu);
    const low = Math.floor(at);
    return values[low]! + (at - low) * (values[low + 1]! - values[low]!);
  };
}

function measureImpact(folder: string, panel: MarketPanel): object {
  const coins: Record<string, string> = { WETH: 'ETH', wstETH: 'ETH', WBTC: 'BTC' };
  const day = Math.floor((Date.parse('2023-11-20T00:00:00Z') - Date.parse(panel.startsAt)) / 3_600_000);
  const facts = Object.fromEntries(
    ['ETH', 'BTC'].map((asset) => {
      const { close, volume } = panel.bars[asset]!;
      const from = day - 30 * HOURS;
      let traded = 0;
      for (let i = from; i < day; i += 1) traded += (volume[i] ?? 0) * (close[i] ?? 0);
      const returns = returnsPct(close.slice(from, day)).filter((value) => !Number.isNaN(value));
      return [asset, { volumeDayUsd: traded / 30, volatilityDay: Math.sqrt(HOURS * meanSquare(returns)) / 100 }] as const;
    }),
  );
  const bySource = new Map<string, { x: number; y: number }[]>();
  for (const [source, target, , amountOut, impact] of cells(folder, 'dex_1inch_quotes_2023-11.csv')) {
    const fact = facts[coins[source!] ?? ''];
    const cost = Number(impact);
    if (fact === undefined || (target !== 'USDC' && target !== 'USDT') || cost <= 0 || cost > 0.5) continue;
    const soldUsd = Number(amountOut) / (1 - cost);
    if (soldUsd < IMPACT_FROM_USD) continue;
    const points = bySource.get(source!) ?? [];
    points.push({ x: Math.log(soldUsd / fact.volumeDayUsd), y: Math.log(cost / fact.volatilityDay) });
    bySource.set(source!, points);
  }
  // One slope within coins, one level for all: the mean of the coins' own.
  const centred = [...bySource.values()].flatMap((points) => {
    const x = Statistics.mean(points.map((point) => point.x));
    const y = Statistics.mean(points.map((point) => point.y));
    return points.map((point) => ({ x: point.x - x, y: point.y - y }));
  });
  const spread = centred.reduce((sum, { x }) => sum + x * x, 0);
  const slope = centred.reduce((sum, { x, y }) => sum + x * y, 0) / spread;
  const levels = [...bySource].map(([source, points]) => [source, Statistics.mean(points.map(({ x, y }) => y - slope * x))] as const);
  const sd = Math.sqrt(Statistics.mean(centred.map(({ x, y }) => (y - slope * x) ** 2)));
  return {
    impactY: round(Math.exp(Statistics.mean(levels.map(([, level]) => level))), 2),
    impactYBySource: Object.fromEntries(levels.map(([source, level]) => [source, round(Math.exp(level), 2)])),
    impactDelta: round(slope, 3),
    impactDeltaStandardError: round(sd / Math.sqrt(spread), 3),
    residualSd: round(sd, 2),
    quotes: centred.length,
  };
}

function measureBook(folder: string): object {
  const users = cells(folder, 'aave_v3_top1000_users_2025-12-01.csv').map((row) => row.slice(1).map(Number) as [number, number, number]);
  const solvent = users.filter(([debt, collateral]) => collateral > debt);
  const healths = solvent
    .map(([debt, collateral, health]) => (health >= 1 ? health : (0.95 * collateral) / debt))
    .filter((health) => health >= 1);
  const debts = Statistics.sorted(solvent.map(([debt]) => debt));
  const levels = Array.from({ length: 21 }, (_, i) => i / 20);
  const rising = Statistics.sorted(healths);
  return {
    accounts: solvent.length,
    curedByEModeShare: round(solvent.filter(([, , health]) => health < 1).length / solvent.length, 3),
    healthQuantiles: levels.map((level) => round(Statistics.quantileOfSorted(rising, level), 4)),
    debtUsdQuantiles: levels.map((level) => Number(Statistics.quantileOfSorted(debts, level).toPrecision(4))),
  };
}

function cells(folder: string, name: string): string[][] {
  const [, ...rows] = readFileSync(join(folder, name), 'utf8').trim().split('\n');
  return rows.map((row) => Cells.split(row, ','));
}

function meanSquare(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value * value;
    count += 1;
  }
  return count < values.length / 2 ? Number.NaN : sum / count;
}

function lagged(values: Float64Array, lag: number): number {
  return Statistics.correlation(values.subarray(0, values.length - lag), values.subarray(lag));
}

function argmax(values: Float64Array): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function rounded(matrix: Matrix, digits: number): Matrix {
  return matrix.map((row) => row.map((value) => round(value, digits)));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main(process.argv[2] ?? '../shared/data');
