/**
 * Search: the tuner's own principle as a rule of the backtest. At each date the engine runs the book of the backtest through the fitted law once for
 * each haircut of a ladder, which gives every asset a curve: expected bad debt of the coming week over haircut. The rule then asks the same price
 * of risk everywhere: the loosest haircut of which the last dollar of borrowing power costs no more expected bad debt than `price`. That is what
 * maximises power at a given expected loss (the conditions of Kuhn and Tucker, one multiplier for all assets); the knob is −log₁₀(price).
 *
 * Every account of the book holds one collateral, so that the loss is a sum over assets and one run serves all of them.
 */
import { SECONDS_PER_HOUR } from '../../base/units.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import { plan } from '../../models/scenario.ts';
import { prepare, stressRange } from '../stress/stress.ts';
import { tiltOf } from '../stress/towards.ts';
import * as Book from './book.ts';
import type { Falls } from './rules.ts';

/** Basis points. */
export const LADDER = [300, 500, 750, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 5000, 6000, 7500] as const;
export type Curve = {
  /** Expected bad debt of a week and borrowing power, USD, by step of the ladder. */
  readonly lossUsd: readonly number[];
  readonly powerUsd: readonly number[];
};
export type Curves = Readonly<Record<string, Curve>>;

const HOURS = 168;
/** A marginal loss that no path showed, for logarithms. */
const NOTHING = 1e-12;

export function curves(kernel: Kernel, model: MarketModel, market: Book.Market, { seed, paths }: { seed: number; paths: number }): Curves {
  const state = Book.state(market, 'volume', model.asOf);
  const steps = Math.round((HOURS * SECONDS_PER_HOUR) / model.stepSeconds);
  const scenarios = plan(model, { seed, paths, steps, tilt: tiltOf(state, model) });
  const prepared = prepare(state, model, scenarios, { borrowers: 'responsive' });
  const held = Book.collateralUsd(market, 'volume');
  const losses = LADDER.map((haircutBps) => {
    const parameters = Book.parameters(Object.fromEntries(market.assets.map((asset) => [asset, haircutBps])));
    const { accountLossUsd, byPath } = stressRange(kernel, prepared, parameters, { from: 0, to: paths });
    const weight = byPath.weight.reduce((sum, value) => sum + value, 0);
    const byAsset = new Map<string, number>();
    const accounts = prepared.book.lenders.length;
    for (let cell = 0; cell < accountLossUsd.length; cell += 1) {
      const asset = assetOf(prepared.book.lenders[cell % accounts]!);
      byAsset.set(asset, (byAsset.get(asset) ?? 0) + accountLossUsd[cell]! / weight);
    }
    return byAsset;
  });
  return Object.fromEntries(
    market.assets.map((asset) => [
      asset,
      {
        lossUsd: losses.map((byAsset) => byAsset.get(asset) ?? 0),
        powerUsd: LADDER.map((haircutBps) => held[asset]! * (1 - haircutBps / 1e4)),
      },
    ]),
  );
}

/** The loosest haircuts at which a dollar of power costs at most 10^−knob dollars of expected bad debt a week. */
export function haircutsAt(kernel: Kernel, byAsset: Curves, knob: number): Falls {
  const price = kernel.exp(-knob * Math.LN10);
  return Object.fromEntries(Object.entries(byAsset).map(([asset, curve]) => [asset, loosest(kernel, curve, price)]));
}

/** Fraction. Between the middles of the ladder's rungs the logarithm of the marginal loss is taken as a line. */
function loosest(kernel: Kernel, { lossUsd, powerUsd }: Curve, price: number): number {
  const rungs = LADDER.slice(1).map((haircutBps, rung) => ({
    at: (haircutBps + LADDER[rung]!) / 2e4,
    marginal: Math.max(0, lossUsd[rung]! - lossUsd[rung + 1]!) / (powerUsd[rung]! - powerUsd[rung + 1]!),
  }));
  const falling = decreasing(rungs.map(({ marginal }) => marginal)).map((value) => kernel.log(Math.max(value, NOTHING)));
  const wanted = kernel.log(price);
  const first = falling.findIndex((value) => value <= wanted);
  if (first === 0) return LADDER[0] / 1e4;
  if (first < 0) return LADDER.at(-1)! / 1e4;
  const [above, below] = [falling[first - 1]!, falling[first]!];
  const share = (above - wanted) / (above - below);
  return rungs[first - 1]!.at + share * (rungs[first]!.at - rungs[first - 1]!.at);
}

/** The nearest falling sequence: neighbours that rise are pooled (isotonic regression). */
function decreasing(values: readonly number[]): number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const value of values) {
    pools.push({ sum: value, count: 1 });
    while (pools.length > 1) {
      const [before, last] = [pools.at(-2)!, pools.at(-1)!];
      if (before.sum / before.count >= last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  return pools.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
}

/** Accounts of the book are named after their collateral. */
function assetOf(account: string): string {
  return account.slice(0, account.lastIndexOf(' '));
}
