/**
 * Run: what a scenario does to the book. Where prices stand still, one path and exact figures; where the law goes on, as many paths of the
 * bundle's set as asked for, from the same streams as its evidence (common random numbers: differences between scenarios are sharper than
 * their standard errors). A scenario that changes nothing gives the evidence's own figures.
 */
import type { ParametersByAsset } from '../../datasets/state.ts';
import type { BookInput, Paths } from '../../kernel/job.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { LossSummary, PathResults } from '../stress/evidence.ts';
import * as Stress from '../stress/stress.ts';
import * as Summary from '../stress/summary.ts';
import * as Terms from '../stress/terms.ts';
import type { World } from './world.ts';

export type Measured = { readonly mean: number; readonly standardError: number };

export type Loser = {
  readonly account: string;
  readonly debtUsd: number;
  readonly health: number;
  readonly liquidationProbability: number;
  readonly meanLossUsd: number;
};

export type Outcome = {
  readonly name: string;
  readonly why: string;
  readonly source?: string;
  readonly prices: 'still' | 'law';
  readonly hours: number;
  readonly stepSeconds: number;
  /** Entries of the file that are about nothing in this book. */
  readonly leftOut: readonly string[];
  /** Loss = bad debt + margin shortfall beyond the insurance fund. */
  readonly summary: LossSummary;
  /** Means over paths; the standard error is 0 where there is but one. */
  readonly badDebtUsd: Measured;
  readonly marginShortfallUsd: Measured;
  readonly liquidatedUsd: Measured;
  readonly penaltyUsd: Measured;
  readonly liquidatedAccounts: Measured;
  readonly needlessAccounts: Measured;
  /** Of the accounts that lose, the largest. */
  readonly losers: readonly Loser[];
};

export type Options = { readonly paths: number; readonly risk: Summary.Risk; readonly onShare?: (share: number) => void };

const LOSERS = 20;

export function run(
  kernel: Kernel,
  world: World,
  parameters: ParametersByAsset,
  { paths, risk, onShare = () => undefined }: Options,
): Outcome {
  return outcomeOf(kernel, world, parameters, simulate(kernel, world, parameters, world.law === null ? 1 : paths, onShare), risk);
}

export type Simulated = { readonly byPath: PathResults; readonly accountHits: Float64Array; readonly accountLossUsd: Float64Array };

/** Every figure by path, and by account summed over paths. */
export function simulate(
  kernel: Kernel,
  world: World,
  parameters: ParametersByAsset,
  paths: number,
  onShare: (share: number) => void = () => undefined,
): Simulated {
  const input = Terms.apply(world.book, parameters);
  const byPath = Object.fromEntries(['weight', ...Stress.FIELDS].map((field) => [field, [] as number[]])) as {
    [field in keyof PathResults]: number[];
  };
  const accountHits = new Float64Array(input.lenders + input.traders);
  const accountLossUsd = new Float64Array(input.lenders + input.traders);
  for (let start = 0; start < paths; start += Stress.BLOCK) {
    const count = Math.min(Stress.BLOCK, paths - start);
    const { factors, weights } = factorsOf(kernel, world, start, count);
    const part = kernel.stress(input, { ...timing(world, input), count, factors, weights });
    byPath.weight.push(...weights);
    for (const field of Stress.FIELDS) byPath[field].push(...part[field]);
    part.accountHits.forEach((hits, account) => {
      accountHits[account]! += hits;
      accountLossUsd[account]! += part.accountLossUsd[account]!;
    });
    onShare((start + count) / paths);
  }
  return { byPath, accountHits, accountLossUsd };
}

/** What the kernel must know of time, whatever the prices. */
export function timing(
  { steps, frozenSteps, haltedSteps }: World,
  { assets }: Pick<BookInput, 'assets'>,
): Omit<Paths, 'count' | 'factors'> {
  return { steps, columns: assets, frozenSteps, haltedSteps };
}

/** Where nobody moves but the scenario: its own path. */
export function stillFactors({ steps, curves, book }: World): Float64Array {
  const factors = curves.factors.slice();
  halt(factors, curves.halts, steps, book.assets.length);
  return factors;
}

/** Price multiples of so many paths, [path][step][asset of the book], and what each path counts. */
export function factorsOf(kernel: Kernel, world: World, start: number, count: number): { factors: Float64Array; weights: Float64Array } {
  const { law, steps, columns, curves, book } = world;
  if (law === null) return { factors: stillFactors(world), weights: new Float64Array(1).fill(1) };
  const simulated = kernel.simulate(law, world.seed, steps, start, count);
  const size = book.assets.length;
  const row = steps * size;
  const factors = new Float64Array(count * row);
  for (let path = 0; path < count; path += 1) {
    for (let step = 0; step < steps; step += 1) {
      const [from, to] = [(path * steps + step) * law.assets, path * row + step * size];
      for (let asset = 0; asset < size; asset += 1) {
        const column = columns[asset]!;
        factors[to + asset] = (column < 0 ? 1 : simulated.factors[from + column]!) * curves.factors[step * size + asset]!;
      }
    }
    halt(factors.subarray(path * row, (path + 1) * row), curves.halts, steps, size);
  }
  return { factors, weights: simulated.weights };
}

function halt(factors: Float64Array, halts: World['curves']['halts'], steps: number, size: number): void {
  for (const { asset, from, to, at } of halts) {
    const last = from === 1 ? 1 : factors[(from - 2) * size + asset]!;
    for (let step = from; step <= Math.min(to, steps); step += 1) factors[(step - 1) * size + asset] = at === 'at-zero' ? 0 : last;
  }
}

export function outcomeOf(
  kernel: Kernel,
  world: World,
  parameters: ParametersByAsset,
  { byPath, accountHits, accountLossUsd }: Simulated,
  risk: Summary.Risk,
): Outcome {
  const { scenario, hours, stepSeconds, leftOut } = world;
  const measured = (field: (typeof Stress.FIELDS)[number]): Measured => {
    const mean = Summary.mean(byPath[field], byPath.weight);
    return { mean, standardError: Summary.standardError(byPath[field], byPath.weight, mean) };
  };
  const all = Summary.total(byPath.weight);
  const { name, why, source, prices } = scenario;
  return {
    name,
    why,
    ...(source === undefined ? {} : { source }),
    prices,
    hours,
    stepSeconds,
    leftOut,
    summary: Summary.summarise(kernel, byPath, world, risk),
    badDebtUsd: measured('badDebtUsd'),
    marginShortfallUsd: measured('marginShortfallUsd'),
    liquidatedUsd: measured('liquidatedUsd'),
    penaltyUsd: measured('penaltyUsd'),
    liquidatedAccounts: measured('liquidatedAccounts'),
    needlessAccounts: measured('needlessAccounts'),
    losers: Stress.healthOf(world, parameters)
      .map((account, index) => ({
        ...account,
        liquidationProbability: Math.min(1, accountHits[index]! / all),
        meanLossUsd: accountLossUsd[index]! / all,
      }))
      .filter(({ meanLossUsd }) => meanLossUsd > 0)
      .sort((a, b) => b.meanLossUsd - a.meanLossUsd || (a.account < b.account ? -1 : 1))
      .slice(0, LOSERS),
  };
}
