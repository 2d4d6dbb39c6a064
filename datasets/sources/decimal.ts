/**
 * Decimal: numbers as strangers write them, in JSON strings or JSON numbers, checked before anything is computed with them.
 *
 * `Number('')` is 0, `Number('0x10')` is 16, `JSON.parse('1e999')` is Infinity: none of these is a price.
 */
import { z } from 'zod';

const WRITTEN = /^-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/;

/** No coin of ours costs more, no day trades more whole tokens. */
const MOST_PRICE = 1e15;
const MOST_AMOUNT = 1e18;

export const Price = decimal('a price above 0 and at most 1e15', (value) => value > 0 && value <= MOST_PRICE);
export const Amount = decimal('an amount from 0 to 1e18', (value) => value >= 0 && value <= MOST_AMOUNT);
/** 1990 to 2100 in seconds, whole. */
export const Seconds = z.int().min(631_152_000).max(4_102_444_800);
/** 1990 to 2100 in milliseconds, whole. */
export const Milliseconds = z.int().min(631_152_000_000).max(4_102_444_800_000);

export function decimal(needed: string, accepts: (value: number) => boolean) {
  return z.union([z.string().regex(WRITTEN, needed), z.number()], needed).transform((written, context) => {
    const value = Number(written);
    if (Number.isFinite(value) && accepts(value)) return value;
    context.issues.push({ code: 'custom', message: needed, input: written });
    return z.NEVER;
  });
}
