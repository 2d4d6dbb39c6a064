/**
 * Seizures: what liquidations would throw on each market at once, by path, before any of it moves a price.
 *
 * Every account whose health falls below 1 at a step's prices is closed whole at that step, its collateral pro rata: no close factor, no
 * liquidator who stays away, no feedback. That is an upper end of what a market must take, and it costs no run of the engine. Of
 * each path the busiest step counts, by pool: assets that follow one price are sold into one market.
 */
import type { ParametersByAsset } from '../datasets/state.ts';
import type { BookInput } from '../kernel/job.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { BLOCK, type Prepared } from './stress/stress.ts';
import * as Terms from './stress/terms.ts';

export type Seizures = {
  readonly weight: readonly number[];
  /** By place of the pool's first asset: collateral sold, and debt bought back, USD in the busiest step of each path. */
  readonly soldUsd: ReadonlyMap<number, readonly number[]>;
  readonly boughtUsd: ReadonlyMap<number, readonly number[]>;
  /** The same for the largest account alone at today's prices. */
  readonly largestSoldUsd: ReadonlyMap<number, number>;
  readonly largestBoughtUsd: ReadonlyMap<number, number>;
};

export function along(kernel: Kernel, prepared: Prepared, parameters: ParametersByAsset, paths: number): Seizures {
  const input = Terms.apply(prepared.book, parameters);
  const pools = [...new Set(input.pool)].sort((a, b) => a - b);
  const rows = () => new Map(pools.map((pool) => [pool, [] as number[]]));
  const [soldUsd, boughtUsd, weight] = [rows(), rows(), [] as number[]];
  for (let start = 0; start < paths; start += BLOCK) {
    const count = Math.min(BLOCK, paths - start);
    const simulated = kernel.simulate(prepared.law, prepared.seed, prepared.steps, start, count);
    for (let path = 0; path < count; path += 1) {
      weight.push(simulated.weights[path]!);
      const busiest = onPath(input, simulated.factors, path * prepared.steps, prepared.steps, prepared.law.assets);
      for (const pool of pools) {
        soldUsd.get(pool)!.push(busiest.sold[pool]!);
        boughtUsd.get(pool)!.push(busiest.bought[pool]!);
      }
    }
  }
  return { weight, soldUsd, boughtUsd, ...largest(input, pools) };
}

function onPath(input: BookInput, factors: Float64Array, firstRow: number, steps: number, columns: number) {
  const most = { sold: new Float64Array(input.assets), bought: new Float64Array(input.assets) };
  const price = new Float64Array(input.assets);
  const closed = new Uint8Array(input.lenders);
  for (let step = 0; step < steps; step += 1) {
    const row = (firstRow + step) * columns;
    for (let asset = 0; asset < input.assets; asset += 1) {
      const column = input.pathAsset[asset]!;
      price[asset] = input.startPrice[asset]! * (column < 0 ? 1 : factors[row + column]!);
    }
    const now = { sold: new Float64Array(input.assets), bought: new Float64Array(input.assets) };
    let any = false;
    for (let account = 0; account < input.lenders; account += 1) {
      if (closed[account] === 1 || !isBelow(input, account, price)) continue;
      closed[account] = 1;
      any = true;
      close(input, account, price, now);
    }
    if (!any) continue;
    for (let asset = 0; asset < input.assets; asset += 1) {
      most.sold[asset] = Math.max(most.sold[asset]!, now.sold[asset]!);
      most.bought[asset] = Math.max(most.bought[asset]!, now.bought[asset]!);
    }
  }
  return most;
}

function isBelow(input: BookInput, account: number, price: Float64Array): boolean {
  let covered = 0;
  for (let row = input.collateralStart[account]!; row < input.collateralStart[account + 1]!; row += 1)
    covered += input.collateralTokens[row]! * price[input.collateralAsset[row]!]! * input.collateralThreshold[row]!;
  return debtOf(input, account, price) > covered;
}

function debtOf(input: BookInput, account: number, price: Float64Array): number {
  let owed = 0;
  for (let row = input.debtStart[account]!; row < input.debtStart[account + 1]!; row += 1)
    owed += input.debtTokens[row]! * price[input.debtAsset[row]!]!;
  return owed;
}

/** Adds what closing the account sells and buys, to the first asset of each pool. */
function close(input: BookInput, account: number, price: Float64Array, into: { sold: Float64Array; bought: Float64Array }): void {
  const owed = debtOf(input, account, price);
  let held = 0;
  let heldBeforeBonus = 0;
  for (let row = input.collateralStart[account]!; row < input.collateralStart[account + 1]!; row += 1) {
    const usd = input.collateralTokens[row]! * price[input.collateralAsset[row]!]!;
    held += usd;
    heldBeforeBonus += usd / (1 + input.collateralBonus[row]!);
  }
  if (!(held > 0) || !(owed > 0)) return;
  const share = Math.min(1, owed / heldBeforeBonus);
  for (let row = input.collateralStart[account]!; row < input.collateralStart[account + 1]!; row += 1) {
    const asset = input.collateralAsset[row]!;
    into.sold[input.pool[asset]!]! += share * input.collateralTokens[row]! * price[asset]!;
  }
  const repaid = share * heldBeforeBonus;
  for (let row = input.debtStart[account]!; row < input.debtStart[account + 1]!; row += 1) {
    const asset = input.debtAsset[row]!;
    into.bought[input.pool[asset]!]! += (repaid * input.debtTokens[row]! * price[asset]!) / owed;
  }
}

function largest(input: BookInput, pools: readonly number[]): Pick<Seizures, 'largestSoldUsd' | 'largestBoughtUsd'> {
  const [largestSoldUsd, largestBoughtUsd] = [new Map(pools.map((pool) => [pool, 0])), new Map(pools.map((pool) => [pool, 0]))];
  for (let account = 0; account < input.lenders; account += 1) {
    const alone = { sold: new Float64Array(input.assets), bought: new Float64Array(input.assets) };
    close(input, account, input.startPrice, alone);
    for (const pool of pools) {
      largestSoldUsd.set(pool, Math.max(largestSoldUsd.get(pool)!, alone.sold[pool]!));
      largestBoughtUsd.set(pool, Math.max(largestBoughtUsd.get(pool)!, alone.bought[pool]!));
    }
  }
  return { largestSoldUsd, largestBoughtUsd };
}
