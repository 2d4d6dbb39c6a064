/** What happened in a path, as assembly/trace.ts records it: numbers by index, made into events by name. */

/** Asset and account are positions in the book's arrays; accounts are lenders, then traders. Prices and amounts in USD. */
export type TraceEvent =
  | {
      readonly kind: 'price';
      readonly step: number;
      readonly asset: number;
      /** The first asset of the pool whose flow this asset shares. */
      readonly pool: number;
      /** The path's own price; what oracles show; what all venues show; what the next dollar sold would get. */
      readonly referenceUsd: number;
      readonly oracleUsd: number;
      readonly marketUsd: number;
      readonly venueUsd: number;
      /** Outstanding sales, negative after purchases. */
      readonly flowUsd: number;
      readonly lastingUsd: number;
    }
  /** A purchase is of collateral that the protocol absorbed before. */
  | {
      readonly kind: 'liquidation' | 'purchase';
      readonly step: number;
      readonly account: number;
      readonly collateral: number;
      readonly debt: number;
      readonly repaidUsd: number;
      readonly penaltyUsd: number;
      readonly seizedTokens: number;
      readonly repaidTokens: number;
      readonly health: number;
      /** Of the next dollar of collateral sold and of debt bought, before and after. */
      readonly soldUsd: readonly [number, number];
      readonly boughtUsd: readonly [number, number];
      /** What the liquidator keeps, after gas. */
      readonly earnedUsd: number;
    }
  /** The protocol takes the account over: all its debt, and what it credits for collateral beyond it (negative tokens repaid). */
  | {
      readonly kind: 'absorbed';
      readonly step: number;
      readonly account: number;
      readonly debt: number;
      readonly repaidUsd: number;
      readonly penaltyUsd: number;
      readonly repaidTokens: number;
      readonly health: number;
    }
  /** Below 1, and no size of deal would pay. Rows are of the book's collateral and debt. */
  | {
      readonly kind: 'unattended';
      readonly step: number;
      readonly account: number;
      readonly collateralRow: number;
      readonly debtRow: number;
      readonly allowedUsd: number;
      readonly health: number;
    }
  /** `trade`s before it with the same account are its closing. */
  | {
      readonly kind: 'margin-call' | 'closed-at-end';
      readonly step: number;
      readonly account: number;
      readonly equityUsd: number;
      readonly requiredUsd: number;
      readonly shortfallUsd: number;
    }
  | {
      readonly kind: 'trade';
      readonly step: number;
      readonly account: number;
      readonly asset: number;
      readonly how: 'market' | 'auction';
      /** At the path's own price; negative: bought. */
      readonly sizeUsd: number;
      readonly broughtUsd: number;
    }
  | { readonly kind: 'bad-debt'; readonly step: number; readonly account: number; readonly lossUsd: number }
  | { readonly kind: 'deleveraged'; readonly step: number; readonly lossUsd: number };

/** Doubles a record, as in assembly/trace.ts. */
export const WIDTH = 15;

export function decode(records: Float64Array): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (let row = 0; row < records.length; row += WIDTH) events.push(eventOf(records.subarray(row, row + WIDTH)));
  return events;
}

function eventOf(record: Float64Array): TraceEvent {
  const [kind, step, account, first, second, a, b, c, d, e, g, h, k, l, m] = record as unknown as readonly number[] & { length: 15 };
  switch (kind) {
    case 0:
      return {
        kind: 'price',
        step: step!,
        asset: first!,
        pool: second!,
        referenceUsd: a!,
        oracleUsd: b!,
        marketUsd: c!,
        venueUsd: d!,
        flowUsd: e!,
        lastingUsd: g!,
      };
    case 1:
    case 9:
      return {
        kind: kind === 1 ? 'liquidation' : 'purchase',
        step: step!,
        account: account!,
        collateral: first!,
        debt: second!,
        repaidUsd: a!,
        penaltyUsd: b!,
        seizedTokens: c!,
        repaidTokens: d!,
        health: e!,
        soldUsd: [g!, h!],
        boughtUsd: [k!, l!],
        earnedUsd: m!,
      };
    case 2:
      return {
        kind: 'unattended',
        step: step!,
        account: account!,
        collateralRow: first!,
        debtRow: second!,
        allowedUsd: a!,
        health: b!,
      };
    case 3:
    case 4:
      return {
        kind: kind === 3 ? 'margin-call' : 'closed-at-end',
        step: step!,
        account: account!,
        equityUsd: a!,
        requiredUsd: b!,
        shortfallUsd: c!,
      };
    case 5:
      return {
        kind: 'trade',
        step: step!,
        account: account!,
        asset: first!,
        how: second === 0 ? 'market' : 'auction',
        sizeUsd: a!,
        broughtUsd: b!,
      };
    case 8:
      return {
        kind: 'absorbed',
        step: step!,
        account: account!,
        debt: second!,
        repaidUsd: a!,
        penaltyUsd: b!,
        repaidTokens: d!,
        health: e!,
      };
    case 6:
      return { kind: 'bad-debt', step: step!, account: account!, lossUsd: a! };
    default:
      return { kind: 'deleveraged', step: step!, lossUsd: a! };
  }
}
