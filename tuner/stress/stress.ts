/**
 * evidence = stress(state, parameters, model, scenarios): the engine's five verbs.
 *
 *   prepare      once: state, model and scenarios as flat arrays that can be cloned to a worker
 *   stressRange  a range of paths, blocks of 256 from their own streams; the same bits whoever does it
 *   stressNamed  the named scenarios
 *   assemble     parts in any cut to one StressEvidence
 *   healthOf     where every account stands before anything happens
 *
 * Sums of floats are not associative: per-path figures stay per path, per-account sums are per block and added in block order.
 */
import { PlimsollError } from '../../base/errors.ts';
import { canonicalJson, type Id, seal } from '../../base/id.ts';
import type { ParametersByAsset, ProtocolState } from '../../datasets/state.ts';
import type { BlockResult } from '../../kernel/job.ts';
import { type Kernel, loadKernel } from '../../kernel/kernel.ts';
import type { LawInput, Simulated } from '../../kernel/law.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import { largestWeight, type Tilt } from '../../models/tilt.ts';
import * as Book from './book.ts';
import type { AccountImpact, NamedResult, PathResults, StressEvidence } from './evidence.ts';
import * as Law from './law.ts';
import * as Named from './named.ts';
import * as Summary from './summary.ts';
import * as Terms from './terms.ts';

/** Ranges start at multiples of this. */
export const BLOCK = 256;

export type Range = { readonly from: number; readonly to: number };

export type Prepared = {
  readonly from: { readonly state: Id; readonly model: Id; readonly scenarios: Id };
  readonly seed: number;
  readonly steps: number;
  readonly paths: number;
  readonly law: LawInput;
  readonly tilt: Tilt | null;
  /** No path weighs more. */
  readonly largestWeight: number;
  readonly book: Book.Book;
  readonly named: readonly Named.NamedPath[];
  readonly insuranceFundUsd: number;
};

/** What happened to the book, by path; PathResults has the weight beside them. */
export const FIELDS = [
  'badDebtUsd',
  'liquidatedUsd',
  'penaltyUsd',
  'liquidatedAccounts',
  'needlessAccounts',
  'marginShortfallUsd',
  'deleveragedUsd',
] as const;

export type RangeResult = Range & {
  readonly byPath: { readonly [field in keyof PathResults]: Float64Array };
  /** Blocks × accounts (lenders, then traders). */
  readonly accountHits: Float64Array;
  readonly accountLossUsd: Float64Array;
};

/** Simulated paths a thread keeps: a search evaluates the same paths a hundred times. Beyond this they are made anew. */
const KEPT_BYTES = 256 * 1024 * 1024;
/** One block of paths must fit into the module's memory (4 GiB of address space) with room to spare. */
const LARGEST_BLOCK_BYTES = 1024 * 1024 * 1024;
const WORST_ACCOUNTS = 50;

type Kept = { key: string; bytes: number; readonly blocks: Map<number, Simulated> };
const kept = new WeakMap<Kernel, Kept>();

export function prepare(
  state: ProtocolState,
  model: MarketModel,
  scenarios: ScenarioSet,
  options: { borrowers: Book.Borrowers; assumed?: Partial<Book.Assumptions> },
): Prepared {
  if (scenarios.from.model !== model.id || scenarios.stepSeconds !== model.stepSeconds) {
    throw new MismatchError({
      got: `scenarios made for model ${scenarios.from.model}`,
      needed: `scenarios made for ${model.id}`,
      where: scenarios.id,
    });
  }
  const blockBytes = 8 * BLOCK * scenarios.steps * model.assets.length;
  if (blockBytes > LARGEST_BLOCK_BYTES) {
    const most = Math.floor(LARGEST_BLOCK_BYTES / (8 * BLOCK * model.assets.length));
    throw new TooLongError({
      got: `${scenarios.steps} steps of ${model.assets.length} assets`,
      needed: `at most ${most} steps`,
      where: scenarios.id,
    });
  }
  const law = Law.flatten(model, scenarios.tilt);
  const book = Book.flatten(state, law, scenarios.stepSeconds, options.borrowers, { ...Book.ASSUMED, ...options.assumed });
  return {
    from: { state: state.id, model: model.id, scenarios: scenarios.id },
    seed: scenarios.seed,
    steps: scenarios.steps,
    paths: scenarios.paths,
    law: law.input,
    tilt: scenarios.tilt,
    largestWeight: largestWeight(scenarios.tilt),
    book,
    named: scenarios.named.map((scenario) => Named.flatten(scenario, book)),
    insuranceFundUsd: state.insuranceFundUsd,
  };
}

/** At most `pieces` ranges that cover [0, paths), cut at block boundaries. */
export function cut(paths: number, pieces: number): Range[] {
  const blocks = Math.ceil(paths / BLOCK);
  const size = Math.ceil(blocks / Math.max(1, Math.min(pieces, blocks))) * BLOCK;
  const ranges: Range[] = [];
  for (let from = 0; from < paths; from += size) ranges.push({ from, to: Math.min(paths, from + size) });
  return ranges;
}

export function stressRange(
  kernel: Kernel,
  prepared: Prepared,
  parameters: ParametersByAsset,
  range: Range,
  /** Where the paths come from; the law's own unless a challenger brings others. */
  pathsFrom: (start: number, count: number) => Simulated = (start, count) => pathsOf(kernel, prepared, start, count),
): RangeResult {
  const { from, to } = range;
  if (!(from % BLOCK === 0 && from >= 0 && from < to)) {
    throw new BadRangeError({ got: `paths [${from}, ${to})`, needed: `a non-empty range that starts at a multiple of ${BLOCK}` });
  }
  const input = Terms.apply(prepared.book, parameters);
  const accounts = input.lenders + input.traders;
  const blocks = Math.ceil((to - from) / BLOCK);
  const result = {
    from,
    to,
    byPath: { weight: new Float64Array(to - from), ...fields(() => new Float64Array(to - from)) },
    accountHits: new Float64Array(blocks * accounts),
    accountLossUsd: new Float64Array(blocks * accounts),
  };
  for (let block = 0; block < blocks; block += 1) {
    const start = from + block * BLOCK;
    const count = Math.min(BLOCK, to - start);
    const paths = pathsFrom(start, count);
    const part = kernel.stress(input, { count, steps: prepared.steps, columns: prepared.law.assets, ...paths, frozenSteps: 0 });
    result.byPath.weight.set(paths.weights, start - from);
    for (const field of FIELDS) result.byPath[field].set(part[field], start - from);
    result.accountHits.set(part.accountHits, block * accounts);
    result.accountLossUsd.set(part.accountLossUsd, block * accounts);
  }
  return result;
}

export function stressNamed(kernel: Kernel, prepared: Prepared, parameters: ParametersByAsset): NamedResult[] {
  const input = Terms.apply(prepared.book, parameters);
  return prepared.named.map((path) => namedResult(path.name, Named.run(kernel, input, path)));
}

export function assemble(
  prepared: Prepared,
  parameters: ParametersByAsset,
  parts: readonly RangeResult[],
  named: readonly NamedResult[],
  risk: Summary.Risk,
): StressEvidence {
  const kernel = loadKernel();
  const ordered = [...parts].sort((a, b) => a.from - b.from);
  const gap = ordered.findIndex(({ from }, index) => from !== (index === 0 ? 0 : ordered[index - 1]!.to));
  if (ordered.length === 0 || gap >= 0) {
    throw new BadRangeError({
      got: ordered.map(({ from, to }) => `[${from}, ${to})`).join(' '),
      needed: 'parts that cover the paths from 0 once',
    });
  }
  const joined = (field: keyof PathResults) => ordered.flatMap(({ byPath }) => Array.from(byPath[field]));
  const paths: PathResults = { weight: joined('weight'), ...fields(joined) };
  return seal({
    kind: 'stress-evidence' as const,
    from: prepared.from,
    kernel: kernel.digest,
    parameters,
    largestWeight: prepared.largestWeight,
    paths,
    named,
    summary: Summary.summarise(kernel, paths, prepared, risk),
    accounts: worstAccounts(prepared, parameters, ordered, Summary.total(paths.weight)),
  });
}

/** Health of every account at start prices: lenders by threshold, traders by equity over requirement. */
export function healthOf(
  { book }: Pick<Prepared, 'book'>,
  parameters: ParametersByAsset,
): { account: string; debtUsd: number; health: number }[] {
  const input = Terms.apply(book, parameters);
  const lenders = Terms.healths(input).map((standing, index) => ({ account: book.lenders[index]!, ...standing }));
  const traders = Terms.margins(input).map(({ equityUsd, requiredUsd, grossUsd }, index) => ({
    account: book.traders[index]!,
    debtUsd: grossUsd,
    health: requiredUsd > 0 ? Math.max(0, equityUsd) / requiredUsd : Number.POSITIVE_INFINITY,
  }));
  return [...lenders, ...traders];
}

export function namedResult(name: string, part: BlockResult): NamedResult {
  return {
    name,
    badDebtUsd: part.badDebtUsd[0]!,
    liquidatedUsd: part.liquidatedUsd[0]!,
    penaltyUsd: part.penaltyUsd[0]!,
    liquidatedAccounts: part.liquidatedAccounts[0]!,
    marginShortfallUsd: part.marginShortfallUsd[0]!,
    deleveragedUsd: part.deleveragedUsd[0]!,
  };
}

function worstAccounts(prepared: Prepared, parameters: ParametersByAsset, parts: readonly RangeResult[], weight: number): AccountImpact[] {
  const standing = healthOf(prepared, parameters);
  const accounts = standing.length;
  const hits = new Float64Array(accounts);
  const lossUsd = new Float64Array(accounts);
  for (const part of parts) {
    for (let cell = 0; cell < part.accountHits.length; cell += 1) {
      hits[cell % accounts]! += part.accountHits[cell]!;
      lossUsd[cell % accounts]! += part.accountLossUsd[cell]!;
    }
  }
  return standing
    .map((account, index) => ({
      ...account,
      liquidationProbability: Math.min(1, hits[index]! / weight),
      expectedBadDebtUsd: lossUsd[index]! / weight,
    }))
    .filter(
      ({ health, liquidationProbability, expectedBadDebtUsd }) =>
        Number.isFinite(health) && (liquidationProbability > 0 || expectedBadDebtUsd > 0),
    )
    .sort(
      (a, b) =>
        b.expectedBadDebtUsd - a.expectedBadDebtUsd ||
        b.liquidationProbability - a.liquidationProbability ||
        (a.account < b.account ? -1 : a.account > b.account ? 1 : 0),
    )
    .slice(0, WORST_ACCOUNTS);
}

/** The block's paths, from this thread's memory where it made them before. */
function pathsOf(kernel: Kernel, prepared: Prepared, start: number, count: number): Simulated {
  const key = canonicalJson([prepared.from.model, prepared.seed, prepared.steps, prepared.tilt]);
  let memory = kept.get(kernel);
  if (memory?.key !== key) {
    memory = { key, bytes: 0, blocks: new Map() };
    kept.set(kernel, memory);
  }
  const size = prepared.steps * prepared.law.assets;
  const known = memory.blocks.get(start);
  if (known !== undefined && known.weights.length >= count) {
    return { factors: known.factors.subarray(0, count * size), weights: known.weights.subarray(0, count) };
  }
  const made = kernel.simulate(prepared.law, prepared.seed, prepared.steps, start, count);
  if (memory.bytes + made.factors.byteLength <= KEPT_BYTES) {
    memory.bytes += made.factors.byteLength - (known?.factors.byteLength ?? 0);
    memory.blocks.set(start, made);
  }
  return made;
}

function fields<T>(make: (field: (typeof FIELDS)[number]) => T): { [field in (typeof FIELDS)[number]]: T } {
  return Object.fromEntries(FIELDS.map((field) => [field, make(field)])) as { [field in (typeof FIELDS)[number]]: T };
}

export class MismatchError extends PlimsollError {
  override readonly name = 'Stress.MismatchError';
}

export class TooLongError extends PlimsollError {
  override readonly name = 'Stress.TooLongError';
}

export class BadRangeError extends PlimsollError {
  override readonly name = 'Stress.BadRangeError';
}
