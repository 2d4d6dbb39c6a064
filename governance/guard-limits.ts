/**
 * Which moves the guard allows, and in which lane: `contracts/guard/Limits.sol` written a second time, for whoever drafts.
 *
 * The same rules in the same order under the contract's own names, so that nothing is drafted which the guard would refuse.
 * Hundreds of thousands of random cases are put to both (docs/evidence/guard-limits.md).
 */
import { PlimsollError } from '../base/errors.ts';
import { byField, FIELDS, type GuardField, type Values } from './guard.ts';

export type Way = 'up' | 'down';
export type Lane = 'fast' | 'slow';

/** Sum of moves allowed in a sliding window, by direction of the number. */
export type Budget = { readonly windowSeconds: bigint; readonly up: bigint; readonly down: bigint };
export type FieldLimit = {
  readonly min: bigint;
  readonly max: bigint;
  /** How far from the baseline. */
  readonly below: bigint;
  readonly above: bigint;
  /** Largest single move; 0 forbids the direction. */
  readonly stepUp: bigint;
  readonly stepDown: bigint;
  readonly cooldownSeconds: bigint;
  readonly budgets: readonly Budget[];
};
/** The part of a policy that judges moves. */
export type Limits = {
  readonly minGapBps: bigint;
  readonly bufferBps: bigint;
  readonly maxNewlyLiquidatable: number;
  readonly baseline: Values;
  readonly fields: Readonly<Record<GuardField, FieldLimit>>;
};

/** What moved before, as the guard tells it (`movedOf`): sums over windows that end now, and the newest move's time (0: none). */
export type Past = Readonly<Record<GuardField, Readonly<Record<Way, PastWay>>>>;
export type PastWay = {
  readonly lastSeconds: bigint;
  readonly sums: readonly { readonly windowSeconds: bigint; readonly moved: bigint }[];
};

export type Ruling =
  | { readonly ok: true; readonly lane: Lane }
  | { readonly ok: false; readonly error: Refusal; readonly field: GuardField | null };
export type Refusal =
  | 'TooManyLiquidatable'
  | 'ZeroValue'
  | 'DirectionForbidden'
  | 'StepTooLarge'
  | 'OutsideWalls'
  | 'OutsideCorridor'
  | 'CoolingDown'
  | 'BudgetSpent'
  | 'LiquidatorsCombination'
  | 'GapTooSmall'
  | 'LiquidationUnprofitable';

/** Longest window the guard remembers; in it a falling threshold and a rising bonus exclude each other. */
export const LONGEST_SECONDS = 90n * 86_400n;

const ONE_BPS = 10_000n;

/** The first rule that the move breaks, else its lane. */
export function check(
  limits: Limits,
  past: Past,
  {
    from,
    to,
    newlyLiquidatable,
    nowSeconds,
  }: {
    readonly from: Values;
    readonly to: Values;
    readonly newlyLiquidatable: number;
    readonly nowSeconds: bigint;
  },
): Ruling {
  const lane = laneOf(from, to);
  if (newlyLiquidatable > (lane === 'fast' ? 0 : limits.maxNewlyLiquidatable)) return refuse('TooManyLiquidatable');
  for (const field of FIELDS) {
    if (from[field] === to[field]) continue;
    const error = checkField(limits, past, field, from[field], to[field], nowSeconds);
    if (error !== null) return refuse(error, field);
  }
  if (lane === 'fast') return { ok: true, lane };
  if (isCombined(past, from, to)) return refuse('LiquidatorsCombination');
  const error = checkJoint(limits, to);
  return error === null ? { ok: true, lane } : refuse(error);
}

/** Fast only if something moves and all that moves is reduce-only. */
export function laneOf(from: Values, to: Values): Lane {
  const moved = FIELDS.filter((field) => from[field] !== to[field]);
  return moved.length > 0 && moved.every((field) => isReduceOnly(field, from[field], to[field])) ? 'fast' : 'slow';
}

export function isReduceOnly(field: GuardField, from: bigint, to: bigint): boolean {
  return to < from && (field === 'ltvBps' || field === 'supplyCapTokens' || field === 'borrowCapTokens');
}

/** LTV + gap ≤ threshold; threshold × (1 + bonus) ≤ 1 − buffer, exact. */
export function checkJoint(limits: Pick<Limits, 'minGapBps' | 'bufferBps'>, to: Values): Refusal | null {
  if (to.ltvBps > 0n && to.ltvBps + limits.minGapBps > to.thresholdBps) return 'GapTooSmall';
  return to.thresholdBps * (ONE_BPS + to.bonusBps) > ONE_BPS * (ONE_BPS - limits.bufferBps) ? 'LiquidationUnprofitable' : null;
}

/** `Past` from single moves: what the guard would tell of them. */
export function pastOf(
  moves: readonly { readonly field: GuardField; readonly way: Way; readonly atSeconds: bigint; readonly size: bigint }[],
  limits: Pick<Limits, 'fields'>,
  nowSeconds: bigint,
): Past {
  const wayOf = (field: GuardField, way: Way): PastWay => {
    const own = moves.filter((move) => move.field === field && move.way === way);
    const lastSeconds = own.reduce((latest, { atSeconds }) => (atSeconds > latest ? atSeconds : latest), 0n);
    const sums = windowsOf(limits.fields[field]).map((windowSeconds) => ({
      windowSeconds,
      moved: own.reduce((sum, { atSeconds, size }) => (nowSeconds - atSeconds < windowSeconds ? sum + size : sum), 0n),
    }));
    return { lastSeconds, sums };
  };
  return byField((field) => ({ up: wayOf(field, 'up'), down: wayOf(field, 'down') }));
}

/** The windows whose sums are needed to judge a field. */
export function windowsOf({ budgets }: Pick<FieldLimit, 'budgets'>): readonly bigint[] {
  return [...new Set([...budgets.map(({ windowSeconds }) => windowSeconds).filter((seconds) => seconds > 0n), LONGEST_SECONDS])];
}

function checkField(limits: Limits, past: Past, field: GuardField, from: bigint, to: bigint, nowSeconds: bigint): Refusal | null {
  if (from === 0n || to === 0n) return 'ZeroValue';
  const limit = limits.fields[field];
  const baseline = limits.baseline[field];
  const way: Way = to > from ? 'up' : 'down';
  const size = way === 'up' ? to - from : from - to;
  const step = way === 'up' ? limit.stepUp : limit.stepDown;
  if (step === 0n) return 'DirectionForbidden';
  if (size > step) return 'StepTooLarge';
  if (way === 'up' ? to > limit.max : to < limit.min) return 'OutsideWalls';
  if (way === 'up' ? to > baseline + limit.above : to < baseline - limit.below) return 'OutsideCorridor';
  if (!isReduceOnly(field, from, to)) {
    const { up, down } = past[field];
    const last = up.lastSeconds > down.lastSeconds ? up.lastSeconds : down.lastSeconds;
    if (last > 0n && nowSeconds < last + limit.cooldownSeconds) return 'CoolingDown';
  }
  for (const budget of limit.budgets) {
    if (budget.windowSeconds > 0n && moved(past, field, way, budget.windowSeconds) + size > budget[way]) return 'BudgetSpent';
  }
  return null;
}

/** Together, or within the longest window of each other, they pay whoever liquidates the accounts they expose. */
function isCombined(past: Past, from: Values, to: Values): boolean {
  const lowers = to.thresholdBps < from.thresholdBps;
  const raises = to.bonusBps > from.bonusBps;
  if (lowers && raises) return true;
  if (raises && moved(past, 'thresholdBps', 'down', LONGEST_SECONDS) > 0n) return true;
  return lowers && moved(past, 'bonusBps', 'up', LONGEST_SECONDS) > 0n;
}

function moved(past: Past, field: GuardField, way: Way, windowSeconds: bigint): bigint {
  const sum = past[field][way].sums.find((one) => one.windowSeconds === windowSeconds);
  if (sum === undefined) {
    throw new MissingWindowError({
      got: 'no sum of past moves',
      needed: `that of the last ${windowSeconds} seconds`,
      where: `${field}, ${way}`,
      fix: 'Ask the guard for every window that `windowsOf` names.',
    });
  }
  return sum.moved;
}

function refuse(error: Refusal, field: GuardField | null = null): Ruling {
  return { ok: false, error, field };
}

export class MissingWindowError extends PlimsollError {
  override readonly name = 'GuardLimits.MissingWindowError';
}
