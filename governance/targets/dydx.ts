/**
 * Target: dYdX v4's liquidity tiers. Not an EVM chain: the proposal is a message for the governance module, as JSON.
 *
 *   initial = base · multiplier, rounded up        maintenance = initial · maintenance fraction, floor        all in millionths
 *   with open interest between the caps: initial' = initial + (1 − initial) · (OI − lower) / (upper − lower)
 *
 * A tier is shared: its change reaches every market in it, so a tier with a market the advice does not move the same way is refused.
 * Source: MsgSetLiquidityTier, liquidity_tier.go (dydxprotocol/v4-chain).
 */
import type { Client } from 'viem';
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import { PPM_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import type * as Call from './call.ts';
import * as Target from './target.ts';
import type { Hex } from './words.ts';

const Integer = z.string().regex(/^\d{1,20}$/);
const Ppm = z.int().min(0).max(PPM_ONE);

/** As the chain's own JSON has it: 64-bit integers are strings. */
export const Tier = z
  .strictObject({
    id: z.int().nonnegative(),
    name: z.string().max(200),
    initial_margin_ppm: Ppm,
    maintenance_fraction_ppm: Ppm,
    base_position_notional: Integer.optional(),
    impact_notional: Integer,
    open_interest_lower_cap: Integer,
    open_interest_upper_cap: Integer,
  })
  .readonly();
export type Tier = z.infer<typeof Tier>;

export const Message = z
  .strictObject({
    '@type': z.literal('/dydxprotocol.perpetuals.MsgSetLiquidityTier'),
    authority: z.string().max(100),
    liquidity_tier: Tier,
  })
  .readonly();

export const Venue = z
  .strictObject({
    target: z.literal('dydx'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    /** Bech32 address of the governance module. */
    authority: z.string(),
    /** Tiers at a multiplier of 1×, and the markets in each. */
    tiers: z.array(z.strictObject({ tier: Tier, markets: z.array(z.string()).min(1).readonly() }).readonly()).readonly(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = ['marginMultiplierPpm'];
export const SIMULATED_ON = null;
export const TABLE: Call.Table = new Map();

/** Initial margin in millionths with open interest; integers, the last step rounded up. */
export function initialMargin(tier: Tier, openInterest: bigint): { readonly numerator: bigint; readonly denominator: bigint } {
  const [base, lower, upper] = [
    BigInt(tier.initial_margin_ppm),
    BigInt(tier.open_interest_lower_cap),
    BigInt(tier.open_interest_upper_cap),
  ];
  const one = BigInt(PPM_ONE);
  if (upper === 0n || openInterest <= lower) return { numerator: base, denominator: one };
  if (openInterest >= upper) return { numerator: one, denominator: one };
  return { numerator: base * (upper - lower) + (one - base) * (openInterest - lower), denominator: one * (upper - lower) };
}

/** Margin in the notional's unit, rounded up. */
export function initialMarginOf(tier: Tier, notional: bigint, openInterest = 0n): bigint {
  const { numerator, denominator } = initialMargin(tier, openInterest);
  return (notional * numerator + denominator - 1n) / denominator;
}

export function maintenancePpm({ initial_margin_ppm, maintenance_fraction_ppm }: Tier): bigint {
  return (BigInt(initial_margin_ppm) * BigInt(maintenance_fraction_ppm)) / BigInt(PPM_ONE);
}

/** The chain speaks no JSON-RPC of Ethereum: there is nothing here to read it with. */
export async function read(_client: Client, _venue: Venue): Promise<Target.Held> {
  throw new NotReadableError({
    got: 'a request to read dYdX over Ethereum’s RPC',
    needed: 'tiers in the venue',
    fix: 'Draft without --rpc.',
  });
}

export function declare({ tiers }: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = {};
  for (const { tier, markets } of tiers) {
    const multiplier = markets.map((market) => parameters[market]?.marginMultiplierPpm).find((ppm) => ppm !== undefined);
    values[`${tier.name}.initial_margin_ppm`] = String(scaled(tier, multiplier ?? PPM_ONE));
  }
  return { version: 'v4', detectedBy: null, block: null, values };
}

export function constraints({ tiers }: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  const twice = Target.duplicate(moves);
  if (twice !== null) return twice;
  const unplaced = moves.find(({ asset }) => !tiers.some(({ markets }) => markets.includes(asset)));
  if (unplaced !== undefined) return { by: 'us', name: 'UnknownAsset', says: `${unplaced.asset} is in no tier of the venue.` };
  for (const { tier, markets } of tiers) {
    const inside = moves.filter(({ asset }) => markets.includes(asset));
    const [first] = inside;
    if (first === undefined) continue;
    if (inside.length !== markets.length || inside.some(({ from, to }) => from !== first.from || to !== first.to)) {
      return {
        by: 'us',
        name: 'SharedTier',
        says: `Tier ${tier.name} is shared by ${markets.join(', ')}; the advice does not move them all alike.`,
      };
    }
    const stale = Target.moved(held, { [`${tier.name}.initial_margin_ppm`]: String(scaled(tier, first.from ?? 0)) });
    if (stale !== null) return stale;
    const initial = scaled(tier, first.to ?? 0);
    if (initial > PPM_ONE || initial === 0) {
      return {
        by: 'chain',
        name: 'ErrInitialMarginPpmExceedsMax',
        says: `Tier ${tier.name}: an initial margin of ${initial} ppm; 1 to ${PPM_ONE} is allowed.`,
      };
    }
  }
  return null;
}

export function encode({ tiers, authority }: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const touched = tiers.flatMap(({ tier, markets }) => {
    const move = moves.find(({ asset }) => markets.includes(asset));
    return move === undefined ? [] : [{ ...tier, initial_margin_ppm: scaled(tier, move.to ?? 0) }];
  });
  const becomes = Object.fromEntries(touched.map((tier) => [`${tier.name}.initial_margin_ppm`, String(tier.initial_margin_ppm)]));
  const messages = touched.map((liquidity_tier) => ({
    '@type': '/dydxprotocol.perpetuals.MsgSetLiquidityTier',
    authority,
    liquidity_tier,
  }));
  return {
    actions: [],
    becomes: Target.changed(held.values, { ...held.values, ...becomes }),
    notes: ['For `dydxprotocold tx gov submit-proposal`: add title, summary and deposit.'],
    message: { messages } as unknown as Call.Argument,
  };
}

/** A message as text: `{"@type": …}`, or a proposal's `{"messages": […]}`. */
export function decodeMessage(text: string): Call.Read {
  const found = Message.safeParse(parse(text));
  if (!found.success)
    throw new NotAMessageError({ got: quote(text), needed: `MsgSetLiquidityTier: ${found.error.issues[0]?.message ?? ''}` });
  const { authority, liquidity_tier: tier } = found.data;
  const maintenance = maintenancePpm(tier);
  return {
    target: 'dydx',
    function: 'MsgSetLiquidityTier',
    signature: '/dydxprotocol.perpetuals.MsgSetLiquidityTier',
    arguments: { authority, ...Object.fromEntries(Object.entries(tier).map(([key, value]) => [key, String(value)])) },
    says: `Sets tier ${tier.id} (${tier.name}): initial margin ${ppm(BigInt(tier.initial_margin_ppm))}, maintenance ${ppm(maintenance)}, for every market in it.`,
    warnings: [],
    inner: [],
  };
}

/** The same message as the hex of its UTF-8 text. */
export function decode(data: Hex): Call.Read {
  return decodeMessage(Buffer.from(data.slice(2), 'hex').toString('utf8'));
}

function scaled({ initial_margin_ppm }: Tier, multiplierPpm: number): number {
  return Number((BigInt(initial_margin_ppm) * BigInt(multiplierPpm) + BigInt(PPM_ONE) - 1n) / BigInt(PPM_ONE));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function ppm(value: bigint): string {
  const digits = String(value).padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)} %`;
}

export class NotAMessageError extends PlimsollError {
  override readonly name = 'Dydx.NotAMessageError';
}

export class NotReadableError extends PlimsollError {
  override readonly name = 'Dydx.NotReadableError';
}
