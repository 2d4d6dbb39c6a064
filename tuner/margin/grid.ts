/**
 * Scenario-grid margin: what an account may lose when prices and volatilities move over a grid of scenarios.
 *
 *   array_i(position) = weight_i · (value at price + p_i·range and volatility + v_i·range, less value now)
 *   requirement       = max_i (−Σ over positions array_i), at least 0
 *
 * SPAN's sixteen scenarios (CME; McMillan, Options as a Strategic Investment, ch. 34): thirds of the price range up and down, each with
 * volatility up and down, and two extremes of twice the range of which 35 % counts. Portfolio margin of derivatives venues is the same form with
 * other scenarios. Positions on one underlying offset each other scenario by scenario; across underlyings they do when one scenario moves all
 * of them (`together`), and add up when each has its own worst one (`apart`).
 */
import { PlimsollError } from '../../base/errors.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/** `price` and `volatility` in units of the underlying's ranges; `weight`: the share of the profit that counts. */
export type Scenario = { readonly price: number; readonly volatility: number; readonly weight: number };

export type Underlying = {
  readonly asset: string;
  readonly priceUsd: number;
  readonly priceRangeUsd: number;
  readonly volatilityRange: VolatilityRange;
};

/** SPAN moves volatility by points (1 = 100 % a year), portfolio margins by a share of what it is. */
export type VolatilityRange = { readonly by: 'points' | 'share'; readonly size: number };

/**
 * `linear`: `size` tokens, profit = size · (price − now). `inverse`: `size` USD of contracts, paid in the coin, worth
 * size · (price/now − 1) USD at the price then. `option`: `size` options on a forward at the underlying's price, undiscounted; paid in the coin
 * or not, its value in USD is the same.
 */
export type Position =
  | { readonly kind: 'linear' | 'inverse'; readonly asset: string; readonly size: number }
  | {
      readonly kind: 'option';
      readonly asset: string;
      readonly size: number;
      readonly strikeUsd: number;
      readonly years: number;
      readonly volatility: number;
      readonly isCall: boolean;
    };

const EXTREME = { price: 2, weight: 0.35 };
/** A shifted volatility stays above this share of itself. */
const LEAST_SHIFT = 0.01;

/** In SPAN's published order: for each price move volatility up, then down; then the extremes. */
export const SPAN: readonly Scenario[] = [
  ...[0, 1 / 3, -1 / 3, 2 / 3, -2 / 3, 1, -1].flatMap((price) => [1, -1].map((volatility) => ({ price, volatility, weight: 1 }))),
  { price: EXTREME.price, volatility: 0, weight: EXTREME.weight },
  { price: -EXTREME.price, volatility: 0, weight: EXTREME.weight },
];

/** Weighted profit of one position by scenario, USD. */
export function riskArray(kernel: Kernel, position: Position, underlying: Underlying, scenarios: readonly Scenario[]): Float64Array {
  const { asset, priceUsd, priceRangeUsd, volatilityRange } = underlying;
  if (position.asset !== asset) throw new WrongUnderlyingError({ got: `ranges of ${asset}`, needed: `ranges of ${position.asset}` });
  const prices = scenarios.map(({ price }) => Math.max(0, priceUsd + price * priceRangeUsd));
  if (position.kind !== 'option') {
    const tokens = position.kind === 'linear' ? position.size : position.size / priceUsd;
    return Float64Array.from(scenarios, ({ weight }, index) => weight * tokens * (prices[index]! - priceUsd));
  }
  const { strikeUsd, years, volatility, isCall, size } = position;
  const range = volatilityRange.by === 'points' ? volatilityRange.size / volatility : volatilityRange.size;
  const volatilities = scenarios.map((scenario) => volatility * Math.max(LEAST_SHIFT, 1 + scenario.volatility * range));
  const count = scenarios.length + 1;
  const filled = (value: number) => new Float64Array(count).fill(value);
  // An option on a worthless underlying is worth its payoff; the kernel takes positive prices.
  const { price: values } = kernel.options({
    forward: Float64Array.from([priceUsd, ...prices], (price) => Math.max(price, 1e-12 * priceUsd)),
    strike: filled(strikeUsd),
    years: filled(years),
    volatility: Float64Array.from([volatility, ...volatilities]),
    rate: filled(0),
    side: filled(isCall ? 1 : -1),
  });
  return Float64Array.from(scenarios, ({ weight }, index) => weight * size * (values[index + 1]! - values[0]!));
}

/** Σ over positions, scenario by scenario. */
export function sum(arrays: readonly ArrayLike<number>[], scenarios: number): Float64Array {
  const total = new Float64Array(scenarios);
  for (const array of arrays) {
    if (array.length !== scenarios) throw new WrongUnderlyingError({ got: `${array.length} scenarios`, needed: `${scenarios}` });
    for (let index = 0; index < scenarios; index += 1) total[index]! += array[index]!;
  }
  return total;
}

/** The scan risk of a risk array: its largest loss, at least 0. */
export function scanRisk(array: ArrayLike<number>): number {
  let worst = 0;
  for (let index = 0; index < array.length; index += 1) worst = Math.max(worst, -array[index]!);
  return worst;
}

/** Requirement of an account, USD, before a venue's contingencies. */
export function requirement(
  kernel: Kernel,
  positions: readonly Position[],
  underlyings: readonly Underlying[],
  scenarios: readonly Scenario[],
  netting: 'together' | 'apart',
): number {
  const groups = underlyings.map((underlying) =>
    sum(
      positions.filter(({ asset }) => asset === underlying.asset).map((position) => riskArray(kernel, position, underlying, scenarios)),
      scenarios.length,
    ),
  );
  const known = new Set(underlyings.map(({ asset }) => asset));
  const stray = positions.find(({ asset }) => !known.has(asset));
  if (stray !== undefined)
    throw new WrongUnderlyingError({ got: `a position in ${stray.asset}`, needed: `ranges for it; there are ${[...known].join(', ')}` });
  if (netting === 'apart') return groups.reduce((total, group) => total + scanRisk(group), 0);
  return scanRisk(sum(groups, scenarios.length));
}

export class WrongUnderlyingError extends PlimsollError {
  override readonly name = 'Grid.WrongUnderlyingError';
}
