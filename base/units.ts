/**
 * The only place where a float becomes a chain integer; the rounding direction is in the name.
 *
 * A float such as 0.29 × 10,000 = 2,899.9999999999995 means 2,900: values within `SNAP` of an integer are that
 * integer before any rounding, so that a direction never costs a whole step because of binary fractions.
 */
import { PlimsollError } from './errors.ts';

export const BPS_ONE = 10_000;
export const PPM_ONE = 1_000_000;
export const SECONDS_PER_HOUR = 3_600;
export const SECONDS_PER_DAY = 86_400;

/** Relative distance below which a scaled float counts as the integer next to it. */
const SNAP = 1e-9;

/** Fraction (0.795) to basis points (7950), towards zero risk for a permission: down. */
export function toBpsDown(fraction: number): number {
  return floorSnapped(fraction * BPS_ONE, 'toBpsDown');
}

export function toBpsUp(fraction: number): number {
  return 0 - floorSnapped(-fraction * BPS_ONE, 'toBpsUp');
}

export function toPpmDown(multiple: number): number {
  return floorSnapped(multiple * PPM_ONE, 'toPpmDown');
}

export function toPpmUp(multiple: number): number {
  return 0 - floorSnapped(-multiple * PPM_ONE, 'toPpmUp');
}

/** Amount in whole tokens (float) to the token's smallest unit. Exact in the float's own decimal digits. */
export function toUnitsDown(tokens: number, decimals: number): bigint {
  if (!Number.isFinite(tokens) || tokens < 0) throw new NotAnAmountError({ got: String(tokens), needed: 'a finite amount of at least 0' });
  const [mantissa = '0', exponent = '0'] = tokens.toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const shift = Number(exponent) - (digits.length - 1) + decimals;
  return shift >= 0 ? BigInt(digits) * 10n ** BigInt(shift) : BigInt(digits) / 10n ** BigInt(-shift);
}

export function fromBps(bps: number): number {
  return bps / BPS_ONE;
}

export function fromPpm(ppm: number): number {
  return ppm / PPM_ONE;
}

function floorSnapped(scaled: number, where: string): number {
  if (!Number.isFinite(scaled) || Math.abs(scaled) > Number.MAX_SAFE_INTEGER) {
    throw new NotAnAmountError({ got: String(scaled), needed: 'a finite number inside the safe integers', where });
  }
  const nearest = Math.round(scaled);
  const whole = Math.abs(scaled - nearest) <= SNAP * Math.max(1, Math.abs(scaled)) ? nearest : Math.floor(scaled);
  return whole === 0 ? 0 : whole;
}

export class NotAnAmountError extends PlimsollError {
  override readonly name = 'Units.NotAnAmountError';
}
