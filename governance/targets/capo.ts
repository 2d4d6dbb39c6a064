/**
 * CAPO: the adapter that caps how fast a staked token's ratio may seem to grow, and the check its updates need and lacked.
 *
 *   cap at t = ratio · (1 + growth · (t − snapshot) / year), floor
 *
 * Ratio, time and growth are one statement about the past; clamped one by one they state something else. On 2026-03-10 each field
 * was inside its own limit, the ratio was held back and the time was not: wstETH was priced 2.85 % low and 34 accounts were liquidated.
 * So an update is judged as a whole, at the moment it will execute, against the ratio that is live: it must not bind.
 * Source: PriceCapAdapterBase.sol (aave-price-feeds), post-mortem governance.aave.com/t/24269.
 */
import { SECONDS_PER_DAY } from '../../base/units.ts';
import * as Call from './call.ts';
import type { Refusal } from './target.ts';

export type Cap = { readonly snapshotRatio: bigint; readonly snapshotSeconds: bigint; readonly maxYearlyGrowthBps: bigint };

const SET =
  'function setCapParameters((uint104 snapshotRatio, uint48 snapshotTimestamp, uint16 maxYearlyRatioGrowthPercent) priceCapParams)';
export const TABLE = Call.table('aave-capo', {
  [SET]: {
    says: (row) =>
      `Sets the cap: ratio ${row['priceCapParams.snapshotRatio']} at second ${row['priceCapParams.snapshotTimestamp']}, growing at most ${Call.bps(row['priceCapParams.maxYearlyRatioGrowthPercent']!)} a year.`,
    warns: () => ['The three fields hold only together: compare the cap they give at execution with the live ratio.'],
  },
  'setPriceCap(int256 priceCap)': {},
  'setDiscountRatePerYear(uint64 discountRatePerYear)': {},
});

/** The highest ratio the adapter reports at a moment, in its two divisions: growth a second is kept with six more digits. */
export function capAt({ snapshotRatio, snapshotSeconds, maxYearlyGrowthBps }: Cap, nowSeconds: bigint): bigint {
  const perSecondScaled = (snapshotRatio * SCALE * maxYearlyGrowthBps) / 10_000n / YEAR_SECONDS;
  return snapshotRatio + (perSecondScaled * (nowSeconds - snapshotSeconds)) / SCALE;
}

/** Judged at the execution, not when it is drafted: a snapshot of the right age today is too old or too young then. */
export function constraints(next: Cap, held: Cap, liveRatio: bigint, executesSeconds: bigint): Refusal | null {
  const age = executesSeconds - next.snapshotSeconds;
  if (next.snapshotRatio === 0n || next.snapshotSeconds === 0n || next.maxYearlyGrowthBps === 0n) {
    return { by: 'chain', name: 'InvalidUpdateToZero', says: 'No part of a cap may be 0.' };
  }
  if (next.snapshotSeconds <= held.snapshotSeconds) {
    return {
      by: 'chain',
      name: 'InvalidRatioTimestamp',
      says: `The snapshot of ${next.snapshotSeconds} is not after the one in force, ${held.snapshotSeconds}.`,
    };
  }
  if (age < MIN_AGE_SECONDS || age > MAX_AGE_SECONDS) {
    return {
      by: 'chain',
      name: 'InvalidRatioTimestamp',
      says: `The snapshot will be ${age} s old when it is set; 7 to 14 days are allowed.`,
    };
  }
  if (next.snapshotRatio > liveRatio) {
    return { by: 'chain', name: 'UpdateNotInRange', says: `The snapshot ratio ${next.snapshotRatio} is above the live ${liveRatio}.` };
  }
  const cap = capAt(next, executesSeconds);
  if (cap < liveRatio) {
    return {
      by: 'chain',
      name: 'InvalidPriceCapUpdate',
      says: `The cap would be ${cap}, below the live ratio ${liveRatio}: the asset would be priced low at once.`,
    };
  }
  return null;
}

const SCALE = 1_000_000n;
const YEAR_SECONDS = BigInt(365 * SECONDS_PER_DAY);
const MIN_AGE_SECONDS = BigInt(7 * SECONDS_PER_DAY);
const MAX_AGE_SECONDS = BigInt(14 * SECONDS_PER_DAY);
