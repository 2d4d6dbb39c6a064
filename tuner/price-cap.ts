/**
 * Price cap: the three fields of a capped ratio feed (Aave's CAPO) judged together, never one by one.
 *
 *   cap(t) = ratio + ⌊ratio · growth / 10⁴ / year⌋ · (t − taken)        (PriceCapAdapterBase, aave-price-feeds)
 *
 * On 10 March 2026 an automatic update passed every bound of every field: the ratio clamped to + 3 %, the growth lowered by
 * 10 %, the time of the snapshot set seven days back. Together they capped wstETH 2.85 % under its market and liquidated 34
 * accounts. So nothing is clamped here: the update that was wanted is made whole, or none is made and the reason is given.
 * Ratios are integers in the feed's own unit (18 decimals), arithmetic is exact.
 */
import { z } from 'zod';
import { PlimsollError, quote } from '../base/errors.ts';
import { BPS_ONE } from '../base/units.ts';

const Ratio = z.string().regex(/^[1-9]\d*$/, 'expected an integer above 0, in digits');

export const Snapshot = z
  .strictObject({
    ratio: Ratio,
    /** When the ratio was taken, seconds since 1970. */
    takenAtSeconds: z.int().nonnegative(),
    /** Largest growth a year. */
    growthBps: z.int().nonnegative(),
  })
  .readonly();
export type Snapshot = z.infer<typeof Snapshot>;

/** The bounds an update agent is held to, field by field. Changes are relative, rounded down, as Aave's steward does it. */
export const Bounds = z
  .strictObject({ ratioChangeBps: z.int().nonnegative(), growthChangeBps: z.int().nonnegative(), ageSeconds: z.int().nonnegative() })
  .readonly();
export type Bounds = z.infer<typeof Bounds>;

export const Question = z
  .strictObject({
    asset: z.string(),
    nowSeconds: z.int().nonnegative(),
    /** The uncapped ratio now. */
    marketRatio: Ratio,
    from: Snapshot,
    wanted: Snapshot,
    bounds: Bounds,
  })
  .readonly();
export type Question = z.infer<typeof Question>;

export type Binding = 'ratio-change' | 'growth-change' | 'snapshot-age' | 'snapshot-order' | 'capped';

export type Answer = {
  readonly asset: string;
  readonly verdict: 'change' | 'hold';
  readonly binding: Binding | null;
  /** What to set: the wanted snapshot, or the one in force. */
  readonly to: Snapshot;
  /** The cap under `to`, now. */
  readonly capRatio: string;
  readonly says: string;
};

/** The year of Solidity's constant: 365 days. */
const YEAR_SECONDS = 31_536_000n;

export function parseQuestion(text: string, where: string): Question {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UnreadableError({ got: quote(cause instanceof Error ? cause.message : cause), needed: 'JSON', where, cause });
  }
  const read = Question.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UnreadableError({
    got: issue!.message,
    needed: 'a question as `plimsoll price-cap --help` shows it',
    where: `${where}, field ${issue!.path.join('.') || '$'}`,
  });
}

export function capAt({ ratio, takenAtSeconds, growthBps }: Snapshot, nowSeconds: number): bigint {
  const start = BigInt(ratio);
  const perSecond = (start * BigInt(growthBps)) / BigInt(BPS_ONE) / YEAR_SECONDS;
  return start + perSecond * BigInt(nowSeconds - takenAtSeconds);
}

/** The first field out of its own bound, or null: all that today's systems look at. */
export function outOfBounds(from: Snapshot, to: Snapshot, bounds: Bounds, nowSeconds: number): Exclude<Binding, 'capped'> | null {
  if (distance(BigInt(to.ratio), BigInt(from.ratio)) > share(BigInt(from.ratio), bounds.ratioChangeBps)) return 'ratio-change';
  if (distance(BigInt(to.growthBps), BigInt(from.growthBps)) > share(BigInt(from.growthBps), bounds.growthChangeBps))
    return 'growth-change';
  if (to.takenAtSeconds > nowSeconds - bounds.ageSeconds) return 'snapshot-age';
  if (to.takenAtSeconds < from.takenAtSeconds) return 'snapshot-order';
  return null;
}

export function judge({ asset, nowSeconds, marketRatio, from, wanted, bounds }: Question): Answer {
  const market = BigInt(marketRatio);
  const hold = (binding: Binding, why: string): Answer => {
    const cap = capAt(from, nowSeconds);
    const standing = `The snapshot in force caps at ${shown(cap)}, ${against(cap, market)}.`;
    return { asset, verdict: 'hold', binding, to: from, capRatio: String(cap), says: `${why} ${standing}` };
  };
  const out = outOfBounds(from, wanted, bounds, nowSeconds);
  if (out === null) {
    const cap = capAt(wanted, nowSeconds);
    const says = `The cap would be ${shown(cap)}, ${against(cap, market)}.`;
    return cap < market
      ? hold('capped', `${says} Every field is inside its own bound.`)
      : { asset, verdict: 'change', binding: null, to: wanted, capRatio: String(cap), says };
  }
  const cap = capAt(clamped(from, wanted, bounds), nowSeconds);
  const why = `${out} is outside its bound. Cutting each field to its bound would cap at ${shown(cap)}, ${against(cap, market)}; an update is made whole or not at all.`;
  return hold(out, why);
}

/** What an agent that bounds one field at a time would send. */
function clamped(from: Snapshot, wanted: Snapshot, bounds: Bounds): Snapshot {
  const near = (to: bigint, start: bigint, bps: number) => {
    const most = share(start, bps);
    return to > start + most ? start + most : to < start - most ? start - most : to;
  };
  const growthBps = Number(near(BigInt(wanted.growthBps), BigInt(from.growthBps), bounds.growthChangeBps));
  return { ...wanted, ratio: String(near(BigInt(wanted.ratio), BigInt(from.ratio), bounds.ratioChangeBps)), growthBps };
}

function share(value: bigint, bps: number): bigint {
  return (value * BigInt(bps)) / BigInt(BPS_ONE);
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

function shown(ratio: bigint): string {
  return (Number(ratio) / 1e18).toFixed(6);
}

function against(cap: bigint, market: bigint): string {
  const percent = (100 * (Number(cap) - Number(market))) / Number(market);
  return `${Math.abs(percent).toFixed(2)} % ${percent < 0 ? 'under' : 'over'} the market's ${shown(market)}`;
}

export class UnreadableError extends PlimsollError {
  override readonly name = 'PriceCap.UnreadableError';
}
