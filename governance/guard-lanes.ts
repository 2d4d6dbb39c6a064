/**
 * Lanes: which moves a machine may carry out at all, as a file that people write, and by which lane a move would go.
 *
 * Off is the default: a field and direction that the file does not name is people's. Every asset names the hash of the policy it was switched on
 * under; where governance has set another since, the asset is off until somebody has read that one.
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import * as Guard from './guard.ts';
import * as GuardLimits from './guard-limits.ts';
import { Address, Hex } from './targets/words.ts';

const Direction = z
  .string()
  .regex(new RegExp(`^(${Guard.FIELDS.join('|')}) (up|down)$`), `needed a field and up or down, such as "ltvBps down"`);
const Asset = z
  .strictObject({
    /** As in the bundle. */
    asset: z.string().min(1).max(200),
    key: Hex.refine((hex) => hex.length === 66, 'needed 32 bytes'),
    /** Of the policy on chain that these were switched on under. */
    policyHash: Hex,
    /** Directions of the number on chain: LTV down is tighter. */
    on: z.array(Direction).readonly(),
  })
  .readonly();
export type Asset = z.infer<typeof Asset>;

export const Lanes = z.strictObject({ chainId: z.int().positive(), guard: Address, assets: z.array(Asset).readonly() }).readonly();
export type Lanes = z.infer<typeof Lanes>;

/** Governance only: outside what the guard may do, whatever is signed. */
export type Lane = GuardLimits.Lane | 'governance';
export type Change = { readonly field: Guard.GuardField; readonly from: bigint; readonly to: bigint };

export function parse(value: unknown, where: string): Lanes {
  const read = Lanes.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new BadLanesError({
      got: issue?.message ?? 'another shape',
      needed: NEEDED,
      where: `${where}, field ${issue?.path.join('.') || '$'}`,
      fix: FIX,
    });
  }
  const keys = read.data.assets.map(({ key }) => key.toLowerCase());
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new BadLanesError({ got: `${twice} twice`, needed: 'each asset once', where, fix: FIX });
  return read.data;
}

export function changes({ from, to }: Pick<Guard.Update, 'from' | 'to'>): readonly Change[] {
  return Guard.FIELDS.flatMap((field) => (from[field] === to[field] ? [] : [{ field, from: from[field], to: to[field] }]));
}

/** Why the switch for this update is off; null: it is on, for every field that moves. An update that moves nothing prolongs looseness: people's. */
export function whyOff(lanes: Lanes, update: Guard.Update, policyHash: Hex): string | null {
  const asset = lanes.assets.find(({ key }) => key.toLowerCase() === update.asset.toLowerCase());
  if (asset === undefined) return 'not switched on';
  if (asset.policyHash.toLowerCase() !== policyHash.toLowerCase())
    return `switched on under policy ${asset.policyHash.slice(0, 10)}…, ${policyHash.slice(0, 10)}… stands on chain`;
  const moved = changes(update);
  if (moved.length === 0) return 're-affirms what stands: that is for people';
  const off = moved.map(({ field, from, to }) => `${field} ${to > from ? 'up' : 'down'}`).filter((one) => !asset.on.includes(one));
  return off.length === 0 ? null : `not switched on: ${off.join(', ')}`;
}

/** The lane a move goes by from what is held, and what speaks against it now. */
export function laneOf(
  limits: GuardLimits.Limits,
  past: GuardLimits.Past,
  { from, to, maxNewlyLiquidatable }: Guard.Update,
  nowSeconds: bigint,
): { readonly lane: Lane; readonly refusal: string | null } {
  const ruling = GuardLimits.check(limits, past, { from, to, newlyLiquidatable: maxNewlyLiquidatable, nowSeconds });
  if (ruling.ok) return { lane: ruling.lane, refusal: null };
  const refusal = `${ruling.error}${ruling.field === null ? '' : ` of ${ruling.field}`}`;
  return { lane: PASSING.has(ruling.error) ? GuardLimits.laneOf(from, to) : 'governance', refusal };
}

/**
 * The field that was moved last inside its cooldown, either way. Stricter than the guard, which lets a reduction through at any time: a machine that
 * would reduce twice in a row is one that people should look at.
 */
export function cooling(
  limits: GuardLimits.Limits,
  past: GuardLimits.Past,
  moved: readonly Change[],
  nowSeconds: bigint,
): { readonly field: Guard.GuardField; readonly readySeconds: bigint } | null {
  for (const { field } of moved) {
    const { up, down } = past[field];
    const last = up.lastSeconds > down.lastSeconds ? up.lastSeconds : down.lastSeconds;
    const readySeconds = last + limits.fields[field].cooldownSeconds;
    if (last > 0n && nowSeconds < readySeconds) return { field, readySeconds };
  }
  return null;
}

/** Refusals that time undoes; all others need another move or another policy. */
const PASSING: ReadonlySet<GuardLimits.Refusal> = new Set<GuardLimits.Refusal>(['CoolingDown', 'BudgetSpent']);
const NEEDED = 'chainId, guard and assets, each with asset, key, policyHash and on';
const FIX = 'docs/governance.md shows one.';

export class BadLanesError extends PlimsollError {
  override readonly name = 'GuardLanes.BadLanesError';
}
