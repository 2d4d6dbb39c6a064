/**
 * Walk: from what each rule said at each date to the haircuts in force (guardrails, the same for all), and from those to what the market then
 * did to the book. Windows follow each other without overlap; a change takes effect `delaySeconds` after its date.
 */
import { SECONDS_PER_DAY } from '../../base/units.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import { borrowingPowerUsd } from '../objective.ts';
import { replay } from '../stress/replay.ts';
import * as Book from './book.ts';
import { type Falls, hindsight, type Rule } from './rules.ts';
import { type Curves, haircutsAt } from './search.ts';

/** What was known at a date. */
export type Origin = {
  readonly at: string;
  readonly market: Book.Market;
  readonly model: MarketModel;
  readonly falls: Readonly<Record<string, Falls>>;
  readonly curves: Curves;
};

export type Guardrails = { readonly tightenBps: number; readonly loosenBps: number } | null;
/** Weight of the worst fall the law (or the tuner) has named so far: EMIR RTS 153/2013, article 28 (1)(b). 0: none. */
export type Variant = {
  readonly delaySeconds: number;
  readonly imputation: Book.Imputation;
  readonly depthFactor: number;
  readonly stressWeight: number;
  readonly guardrails: Guardrails;
};
export const BASE: Variant = {
  delaySeconds: 5 * SECONDS_PER_DAY,
  imputation: 'volume',
  depthFactor: 1,
  stressWeight: 0.25,
  guardrails: { tightenBps: 300, loosenBps: 100 },
};

export type WindowResult = {
  readonly from: string;
  readonly to: string;
  readonly policy: Rule;
  readonly knob: number;
  readonly badDebtUsd: number;
  readonly penaltyUsd: number;
  readonly liquidatedUsd: number;
  readonly needlessAccounts: number;
  readonly borrowingPowerUsd: number;
  /** Mean move of the assets, equally weighted, to the lowest of each. */
  readonly marketLow: number;
};

/** The rules that keep a memory of the worst they have said. */
const OURS: ReadonlySet<Rule> = new Set<Rule>(['tuner', 'law']);
const [LEAST_BPS, MOST_BPS] = [500, 9_500];

/** Basis points by date and asset. A knob multiplies what a rule said; of the tuner it is the price of risk (search.ts). */
export function haircutsOf(
  kernel: Kernel,
  origins: readonly Origin[],
  rule: Exclude<Rule, 'hindsight'>,
  knob: number,
  variant: Variant,
): Readonly<Record<string, number>>[] {
  let held: Record<string, number> = {};
  const worst: Record<string, number> = {};
  return origins.map(({ market, falls, curves }) => {
    const [said, factor] = rule === 'tuner' ? [haircutsAt(kernel, curves, knob), 1] : [falls[rule]!, knob];
    const next: Record<string, number> = {};
    for (const asset of market.assets) {
      const fall = said[asset]!;
      worst[asset] = Math.max(worst[asset] ?? 0, fall);
      const stressed = OURS.has(rule) ? (1 - variant.stressWeight) * fall + variant.stressWeight * worst[asset]! : fall;
      const wanted = Math.min(MOST_BPS, Math.max(LEAST_BPS, Math.round(1e4 * factor * stressed)));
      const before = held[asset];
      const rails = variant.guardrails;
      next[asset] =
        before === undefined || rails === null ? wanted : Math.min(before + rails.tightenBps, Math.max(before - rails.loosenBps, wanted));
    }
    held = next;
    return next;
  });
}

/** One rule at one knob through all windows. `after` is the whole recorded market; bars before an origin are never read. */
export function walk(
  kernel: Kernel,
  origins: readonly Origin[],
  after: (from: string, seconds: number) => MarketPanel,
  everySeconds: number,
  rule: Rule,
  knobs: readonly number[],
  variant: Variant,
): WindowResult[] {
  const byKnob = rule === 'hindsight' ? [] : knobs.map((knob) => haircutsOf(kernel, origins, rule, knob, variant));
  return origins.flatMap((origin, index) => {
    const from = new Date(Date.parse(origin.at) + 1000 * variant.delaySeconds).toISOString();
    const panel = after(from, everySeconds);
    const assets = origin.market.assets.filter((asset) => panel.bars[asset]?.close.some((close) => close !== null));
    const prices = Object.fromEntries(assets.map((asset) => [asset, firstPrice(panel, asset, from)]));
    const market = { assets, priceUsd: prices, dailyVolumeUsd: origin.market.dailyVolumeUsd };
    const state = Book.state(market, variant.imputation, from, variant.depthFactor);
    const lows = lowest(kernel, panel, state, origin.model);
    return knobs.map((knob, position) => {
      const told = rule === 'hindsight' ? truth(lows, knob) : byKnob[position]![index]!;
      const parameters = Book.parameters(Object.fromEntries(assets.map((asset) => [asset, told[asset]!])));
      const {
        result,
        needlessAccounts,
        prices: moves,
      } = replay(kernel, state, panel, parameters, {
        model: origin.model,
        borrowers: 'responsive',
        impact: 'added',
      });
      return {
        from,
        to: new Date(Date.parse(from) + 1000 * everySeconds).toISOString(),
        policy: rule,
        knob,
        badDebtUsd: result.badDebtUsd,
        penaltyUsd: result.penaltyUsd,
        liquidatedUsd: result.liquidatedUsd,
        needlessAccounts,
        borrowingPowerUsd: borrowingPowerUsd(state, parameters).power,
        marketLow: moves.reduce((sum, { lowest: low }) => sum + low, 0) / moves.length,
      };
    });
  });
}

function lowest(kernel: Kernel, panel: MarketPanel, state: ReturnType<typeof Book.state>, model: MarketModel) {
  const parameters = Book.parameters(Object.fromEntries(state.assets.map(({ asset }) => [asset, MOST_BPS])));
  const { prices } = replay(kernel, state, panel, parameters, { model, borrowers: 'responsive', impact: 'contained' });
  return Object.fromEntries(prices.map(({ asset, lowest: low }) => [asset, low]));
}

function truth(lows: Readonly<Record<string, number>>, knob: number): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(hindsight(lows)).map(([asset, fall]) => [asset, Math.min(MOST_BPS, Math.max(LEAST_BPS, Math.round(1e4 * knob * fall)))]),
  );
}

/** Last close known at the start, else the first of the window. */
function firstPrice(panel: MarketPanel, asset: string, from: string): number {
  const { close } = panel.bars[asset]!;
  const first = Math.max(0, Math.ceil((Date.parse(from) - Date.parse(panel.startsAt)) / (1000 * panel.stepSeconds)));
  return close.slice(0, first).findLast((value) => value !== null) ?? close.find((value) => value !== null)!;
}
