/**
 * Caps: supply caps, borrow caps and liquidation bonuses by asset, computed from law, book and depth; not searched.
 *
 *   cap   = what the book has now × what the market takes in a step within the bonus / what the tail throws on it in its busiest step
 *   bonus = (1 + capital) / ((1 − oracle deviation) · (1 − cost of that sale)) − 1
 *
 * A cap is bound by `depth` (the tail's busiest step, all accounts together, the book's make-up kept) or by `concentration` (the
 * largest account alone). Between `low` and `high` the data cannot tell: depth from a part of the usual to the usual, the tail two
 * standard errors up and down; the conservative end is advised, and a value already between them holds. Bonuses that would move
 * are judged by the engine together: they hold unless bad debt does not rise by it, or is then safely inside the budget.
 */
import { z } from 'zod';
import { BPS_ONE, fromBps } from '../base/units.ts';
import type { AssetState, ParametersByAsset, ProtocolState } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Absorb from './absorb.ts';
import { type FrontierInput, paired } from './frontier.ts';
import * as Objective from './objective.ts';
import type { Policy } from './policy.ts';
import { AbstainReason, Verdict } from './recommendation.ts';
import { refusalOfAll } from './refusal.ts';
import * as Seizures from './seizures.ts';
import { FLASH } from './stress/agents.ts';
import * as Stress from './stress/stress.ts';
import * as Summary from './stress/summary.ts';
import * as Terms from './stress/terms.ts';

const Level = z
  .strictObject({
    verdict: Verdict,
    reason: AbstainReason.nullable(),
    /** null: no cap. */
    from: z.number().nonnegative().nullable(),
    to: z.number().nonnegative().nullable(),
    low: z.number().nonnegative().nullable(),
    high: z.number().nonnegative().nullable(),
    /** The constraint that set `low`, or what was missing. */
    binding: z.string(),
  })
  .readonly();
export type Level = z.infer<typeof Level>;

export const AssetCaps = z
  .strictObject({
    asset: z.string(),
    suppliedTokens: z.number().nonnegative(),
    borrowedTokens: z.number().nonnegative(),
    /** Expected shortfall of what is sold of the asset's pool in a path's busiest step, its standard error, and the largest account alone. */
    tailUsd: z.number().nonnegative(),
    tailStandardErrorUsd: z.number().nonnegative(),
    largestUsd: z.number().nonnegative(),
    /** What the market takes in a step within today's bonus, in the tail and as usual; null where selling costs nothing. */
    takesTailUsd: z.number().nonnegative().nullable(),
    takesUsualUsd: z.number().nonnegative().nullable(),
    supplyCapTokens: Level,
    borrowCapTokens: Level,
    liquidationBonusBps: Level,
  })
  .readonly();
export type AssetCaps = z.infer<typeof AssetCaps>;

export const Caps = z
  .strictObject({
    level: z.number().gt(0).lt(1),
    paths: z.int().positive(),
    stepSeconds: z.int().positive(),
    /** Share of the usual volume at which `low` and the advised bonus are reckoned. */
    tailDepth: z.number().gt(0).max(1),
    assets: z.array(AssetCaps).readonly(),
    /** What the engine says of all advised bonuses together, against none of them; null where none would move. */
    bonuses: z
      .strictObject({ changeUsd: z.number(), standardErrorUsd: z.number().nonnegative(), penaltyChangeUsd: z.number() })
      .readonly()
      .nullable(),
  })
  .readonly();
export type Caps = z.infer<typeof Caps>;

export type CapsInput = Omit<FrontierInput, 'onStep'>;

/** Half of the usual volume: the first thing `plimsoll explain` asks of depth. */
const TAIL_DEPTH = 0.5;
const MOST_PATHS = 1_024;
/** Bonuses are advised in these steps, upwards. */
const BONUS_STEP_BPS = 25;

export async function recommend(input: CapsInput): Promise<Caps> {
  const { state, model, scenarios, policy, recommended } = input;
  const kernel = loadKernel();
  const refusal = refusalOfAll(input);
  const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive' });
  const paths = Math.min(MOST_PATHS, scenarios.paths);
  const seized = Seizures.along(kernel, prepared, recommended, paths);
  const book = Terms.apply(prepared.book, recommended);

  const lent = state.assets.map(({ asset }) => recommended[asset]!).filter(({ liquidationThresholdBps }) => liquidationThresholdBps > 0);
  const leastBonusBps = lent.reduce((least, { liquidationBonusBps: bonus }) => Math.min(least, bonus), BPS_ONE);

  // 1. Every asset by itself.
  const assets = state.assets.map((row, place): AssetCaps => {
    const pool = book.pool[place]!;
    const market = Absorb.marketOf(book, place);
    const free = book.pathAsset[place]! < 0;
    const own = recommended[row.asset]!;
    const tail = Summary.tailOf({ lossUsd: seized.soldUsd.get(pool)!, weight: seized.weight }, policy.level);
    const bought = Summary.tailOf({ lossUsd: seized.boughtUsd.get(pool)!, weight: seized.weight }, policy.level);
    const [largestUsd, largestBoughtUsd] = [seized.largestSoldUsd.get(pool)!, seized.largestBoughtUsd.get(pool)!];
    const takesWithin = (bonusBps: number) => (depth: number) =>
      free ? Number.POSITIVE_INFINITY : Absorb.most(kernel, market, costBearable(bonusBps, row), depth);
    const takes = takesWithin(own.liquidationBonusBps);
    const [suppliedTokens, borrowedTokens] = [tokensOf(state, row.asset, 'collateral'), tokensOf(state, row.asset, 'debt')];
    const lost = (sizeUsd: number, depth: number) => Absorb.cost(kernel, market, sizeUsd, depth);
    const missing =
      refusal !== null
        ? { reason: refusal.reason, binding: refusal.says }
        : free
          ? { reason: 'not-in-panel' as const, binding: 'constant in USD: selling it costs nothing here' }
          : null;
    const [supplyFrom, borrowFrom] = [own.supplyCapTokens, own.borrowCapTokens];
    const abstained = (from: number | null) => held('abstain', from, missing!.binding, missing!.reason);
    const sales = { has: suppliedTokens, tail, alone: largestUsd, from: supplyFrom, takes, what: 'no account with debt holds it' };
    const [has, alone] = [borrowedTokens, largestBoughtUsd];
    // What is bought back is paid for by the bonus of whatever collateral there was: the least of them.
    const purchases = { has, tail: bought, alone, from: borrowFrom, takes: takesWithin(leastBonusBps), what: 'no account owes it' };
    return {
      asset: row.asset,
      suppliedTokens,
      borrowedTokens,
      tailUsd: tail.expectedShortfallUsd,
      tailStandardErrorUsd: tail.standardErrorUsd,
      largestUsd,
      takesTailUsd: finite(takes(TAIL_DEPTH)),
      takesUsualUsd: finite(takes(1)),
      supplyCapTokens: missing === null ? capOf(sales) : abstained(supplyFrom),
      borrowCapTokens: missing === null ? capOf(purchases) : abstained(borrowFrom),
      liquidationBonusBps: missing === null ? bonusOf({ policy, row, own, tail, lost }) : abstained(own.liquidationBonusBps),
    };
  });

  // 2. What the engine says of the bonuses.
  const moved = assets.filter(({ liquidationBonusBps: { verdict } }) => verdict === 'change');
  const found = { level: policy.level, paths, stepSeconds: scenarios.stepSeconds, tailDepth: TAIL_DEPTH };
  if (moved.length === 0) return { ...found, assets, bonuses: null };
  const changes = moved.map(
    ({ asset, liquidationBonusBps: { to } }) => [asset, { ...recommended[asset]!, liquidationBonusBps: to! }] as const,
  );
  const ask = (parameters: ParametersByAsset) => input.evaluate({ parameters, borrowers: 'responsive', paths });
  const [without, beside] = [await ask(recommended), await ask({ ...recommended, ...Object.fromEntries(changes) })];
  const sample = ({ paths: { badDebtUsd, weight }, largestWeight }: typeof without) => ({ lossUsd: badDebtUsd, weight, largestWeight });
  const change = paired(sample(beside), sample(without), policy.level);
  const bonuses = { ...change, penaltyChangeUsd: beside.summary.meanPenaltyUsd - without.summary.meanPenaltyUsd };
  const { safe } = Objective.judge(sample(beside), { ...policy, budgetUsd: Objective.lossBudgetUsd(policy, state) });
  if (change.changeUsd <= 0 || safe) return { ...found, assets, bonuses };
  const kept = assets.map((one) => {
    const { verdict, from, low, high } = one.liquidationBonusBps;
    const level =
      verdict === 'change' ? { ...held('hold', from, 'bad-debt: more of it with these bonuses, by the engine'), low, high } : null;
    return level === null ? one : { ...one, liquidationBonusBps: level };
  });
  return { ...found, assets: kept, bonuses };
}

type CapCase = {
  readonly has: number;
  readonly tail: Summary.Tail;
  readonly alone: number;
  readonly from: number | null;
  readonly takes: (depth: number) => number;
  readonly what: string;
};

function capOf({ has, tail, alone, from, takes, what }: CapCase): Level {
  const margin = Objective.STANDARD_ERRORS * tail.standardErrorUsd;
  const together = { most: tail.expectedShortfallUsd + margin, least: Math.max(0, tail.expectedShortfallUsd - margin) };
  const [most, least] = [Math.max(together.most, alone), Math.max(together.least, alone)];
  if (has === 0 || most === 0) return held('abstain', from, what, 'no-exposure');
  const low = floorTo((has * takes(TAIL_DEPTH)) / most);
  const high = floorTo((has * takes(1)) / least);
  const binding = together.most > alone ? 'depth' : 'concentration';
  if (from !== null && from >= low && from <= high) return { ...held('hold', from, binding), low, high };
  return { verdict: 'change', reason: null, from, to: low, low, high, binding };
}

type BonusCase = {
  readonly policy: Policy;
  readonly row: AssetState;
  readonly own: ParametersByAsset[string];
  readonly tail: Summary.Tail;
  readonly lost: (sizeUsd: number, depth: number) => number;
};

function bonusOf({ policy, row, own, tail, lost }: BonusCase): Level {
  const { liquidationBonusBps: from, liquidationThresholdBps } = own;
  if (liquidationThresholdBps === 0 || tail.expectedShortfallUsd === 0)
    return held('abstain', from, 'nothing of it is sold in the tail', 'no-exposure');
  const margin = Objective.STANDARD_ERRORS * tail.standardErrorUsd;
  const low = bonusFor(lost(Math.max(0, tail.expectedShortfallUsd - margin), 1), row);
  const high = bonusFor(lost(tail.expectedShortfallUsd + margin, TAIL_DEPTH), row);
  // The highest bonus that still fits under the threshold with the policy's buffer.
  const wall = Math.floor((BPS_ONE * (BPS_ONE - policy.bonusBufferBps)) / liquidationThresholdBps) - BPS_ONE;
  const between = { low, high };
  if (from >= low && from <= high) return { ...held('hold', from, 'cost-of-sale'), ...between };
  const to = Math.min(high, Math.max(0, wall));
  if (from < low && to <= from) return { ...held('hold', from, 'bonus-buffer: the threshold leaves no room for more'), ...between };
  return { verdict: 'change', reason: null, from, to, ...between, binding: to < high ? 'bonus-buffer' : 'cost-of-sale' };
}

/** The share of a sale's value that a liquidator can lose and still be paid for capital and for what an oracle may be off. */
function costBearable(bonusBps: number, { feed }: AssetState): number {
  return 1 - (1 + FLASH.capitalCost) / ((1 + fromBps(bonusBps)) * (1 - fromBps(feed.deviationBps)));
}

/** The least bonus, in steps upwards, that pays for a sale which loses so much. A sale that loses everything has none: the largest there is. */
function bonusFor(lost: number, { feed }: AssetState): number {
  const left = (1 - fromBps(feed.deviationBps)) * (1 - Math.min(lost, 0.5));
  return Math.ceil((BPS_ONE * ((1 + FLASH.capitalCost) / left - 1)) / BONUS_STEP_BPS) * BONUS_STEP_BPS;
}

function tokensOf(state: ProtocolState, asset: string, side: 'collateral' | 'debt'): number {
  let tokens = 0;
  for (const account of state.lending) for (const holding of account[side]) if (holding.asset === asset) tokens += holding.amountTokens;
  return tokens;
}

function held(verdict: 'hold' | 'abstain', from: number | null, binding: string, reason: AbstainReason | null = null): Level {
  return { verdict, reason, from, to: from, low: null, high: null, binding };
}

/** Down to two digits that count: nobody votes on a cap of 12,345.678 tokens. */
function floorTo(tokens: number): number {
  let unit = 1;
  while (tokens / unit >= 100) unit *= 10;
  return Math.floor(tokens / unit) * unit;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
