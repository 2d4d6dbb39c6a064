/**
 * Margin by published formula, in a venue's own integers.
 *
 * dYdX v4 liquidity tiers (`x/perpetuals/types/liquidity_tier.go`): initial margin rises with open interest,
 *
 *   fraction = i + (1 − i) · clamp((OI − lower)/(upper − lower), 0, 1),   initial = ⌈notional · fraction⌉,   maintenance = ⌊initial · m⌋
 *
 * Synthetix V3 perps: the fraction rises with the position's share of the skew scale,
 *
 *   initial = notional · |size|/scale · i + minimum,   maintenance = notional · |size|/scale · m + minimum
 */
import { PlimsollError } from '../../base/errors.ts';
import { PPM_ONE } from '../../base/units.ts';

/** Quote quanta and caps are a venue's integers. Both caps 0: no scaling with open interest. */
export type LiquidityTier = {
  readonly initialMarginPpm: number;
  readonly maintenanceFractionPpm: number;
  readonly openInterestLowerCap: bigint;
  readonly openInterestUpperCap: bigint;
};

export type SkewRule = {
  /** Tokens at which the size-dependent part counts in full. */
  readonly skewScaleTokens: number;
  readonly initialRatio: number;
  readonly maintenanceRatio: number;
  readonly minimumUsd: number;
};

const ONE = BigInt(PPM_ONE);

/** Initial and maintenance margin of a notional, in its own quanta. */
export function tierMargin(tier: LiquidityTier, notional: bigint, openInterest: bigint): { initial: bigint; maintenance: bigint } {
  const { openInterestLowerCap: lower, openInterestUpperCap: upper } = tier;
  if (notional < 0n || openInterest < 0n)
    throw new BadTierError({ got: `notional ${notional}, open interest ${openInterest}`, needed: 'numbers from 0' });
  if (lower > upper || tier.initialMarginPpm < 0 || tier.initialMarginPpm > PPM_ONE) {
    throw new BadTierError({
      got: `caps ${lower} to ${upper}, initial margin ${tier.initialMarginPpm} ppm`,
      needed: 'rising caps and at most 1,000,000 ppm',
    });
  }
  const base = BigInt(tier.initialMarginPpm);
  // As one fraction over 10⁶ · (upper − lower), rounded up once.
  const span = upper > lower ? upper - lower : 1n;
  const above = upper === 0n || openInterest <= lower ? 0n : openInterest >= upper ? span : openInterest - lower;
  const initial = ceilDiv(notional * (base * span + (ONE - base) * above), ONE * span);
  return { initial, maintenance: (initial * BigInt(tier.maintenanceFractionPpm)) / ONE };
}

/** Margins of a position in USD. */
export function skewMargin(rule: SkewRule, sizeTokens: number, priceUsd: number): { initialUsd: number; maintenanceUsd: number } {
  const size = Math.abs(sizeTokens);
  const scaled = (size * priceUsd * size) / rule.skewScaleTokens;
  return { initialUsd: scaled * rule.initialRatio + rule.minimumUsd, maintenanceUsd: scaled * rule.maintenanceRatio + rule.minimumUsd };
}

function ceilDiv(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

export class BadTierError extends PlimsollError {
  override readonly name = 'Tiers.BadTierError';
}
