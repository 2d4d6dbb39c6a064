/**
 * Days of crash, as public figures of Binance spot in USDT: close before, close or low of the day. Small enough to be read, and
 * enough to ask what such a day would do to today's book. Other moves are passed to `plan` by the caller.
 */

export type Crash = {
  readonly name: string;
  readonly says: string;
  /** Price at the worst hour and at the end of the move, over the price before it. */
  readonly assets: Readonly<Record<string, { readonly low: number; readonly end: number }>>;
  /** Hours from the start to the worst price, and to the end. */
  readonly lowHours: number;
  readonly endHours: number;
  /** What an asset does that is not in the table: the mean of those that are, or nothing. */
  readonly others: 'mean' | 'unmoved';
};

export const CRASHES: readonly Crash[] = [
  {
    name: '2020-03-12 black Thursday',
    says: 'ETH 194.61 to 107.82, BTC −39.5 %, LINK −47.8 % in a day; every other coin by their mean',
    assets: { BTC: { low: 0.605, end: 0.605 }, ETH: { low: 107.82 / 194.61, end: 107.82 / 194.61 }, LINK: { low: 0.522, end: 0.522 } },
    lowHours: 16,
    endHours: 24,
    others: 'mean',
  },
  {
    name: '2021-05-19 deleveraging',
    says: 'ETH 3375 to 2439 with a low of 1888; every other coin alike',
    assets: { ETH: { low: 1888 / 3375, end: 2439 / 3375 } },
    lowHours: 13,
    endHours: 24,
    others: 'mean',
  },
  {
    name: '2022-05-11 collapse of LUNA',
    says: 'LUNA 17.46 to 1.08 and the next day 0.0003; the others as they were',
    assets: { LUNA: { low: 0.0003 / 17.46, end: 0.0003 / 17.46 } },
    lowHours: 40,
    endHours: 48,
    others: 'unmoved',
  },
  {
    name: '2022-11-08 collapse of FTT',
    says: 'FTT 22.08 to 5.50 in a day; the others as they were',
    assets: { FTT: { low: 5.5 / 22.08, end: 5.5 / 22.08 } },
    lowHours: 20,
    endHours: 24,
    others: 'unmoved',
  },
  {
    name: '2023-03-11 depeg of USDC',
    says: 'USDC to 0.882, back in two days; the others as they were',
    assets: { USDC: { low: 0.882, end: 0.99 } },
    lowHours: 8,
    endHours: 48,
    others: 'unmoved',
  },
];
