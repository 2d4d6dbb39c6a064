/**
 * One path of a scenario set again, step by step: prices, who was liquidated at what price, what the pool did, margin calls, bad debt.
 *
 * The path runs through the same kernel on the same factors; only a record is kept of it (kernel/trace.ts). Its sums are the evidence's
 * own row for the path, to the last bit, and it is the reader who may check that.
 */
import { PlimsollError } from '../../base/errors.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import type { Paths } from '../../kernel/job.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { TraceEvent } from '../../kernel/trace.ts';
import type { PathResults } from './evidence.ts';
import { FIELDS, type Prepared } from './stress.ts';
import * as Terms from './terms.ts';

/** An event with names in place of positions. */
export type NamedEvent = {
  readonly kind: TraceEvent['kind'];
  readonly step: number;
  readonly account?: string;
  readonly asset?: string;
  readonly collateral?: string;
  readonly debt?: string;
  readonly how?: 'market' | 'auction';
  /** Before and after. */
  readonly soldUsd?: readonly [number, number];
  readonly boughtUsd?: readonly [number, number];
} & { readonly [figure in Figure]?: number };
export type Figure =
  | 'repaidUsd'
  | 'penaltyUsd'
  | 'seizedTokens'
  | 'repaidTokens'
  | 'health'
  | 'earnedUsd'
  | 'allowedUsd'
  | 'equityUsd'
  | 'requiredUsd'
  | 'shortfallUsd'
  | 'sizeUsd'
  | 'broughtUsd'
  | 'lossUsd';

export type PathStory = {
  readonly path: number;
  readonly steps: number;
  readonly stepSeconds: number;
  /** What the path counts in the evidence's averages, and its row there. */
  readonly row: { readonly [field in keyof PathResults]: number };
  /** By asset, USD at the start and the end of each step of the horizon. */
  readonly prices: readonly {
    readonly asset: string;
    readonly startUsd: number;
    readonly referenceUsd: readonly number[];
    readonly oracleUsd: readonly number[];
    /** What the next dollar sold would get, as the step's liquidators find it. */
    readonly venueUsd: readonly number[];
  }[];
  readonly events: readonly NamedEvent[];
};

export function tell(kernel: Kernel, prepared: Prepared, parameters: ParametersByAsset, path: number): PathStory {
  if (!Number.isInteger(path) || path < 0 || path >= prepared.paths) {
    throw new NoSuchPathError({
      got: `path ${path}`,
      needed: `a whole number from 0 to ${prepared.paths - 1}`,
      where: prepared.from.scenarios,
    });
  }
  const simulated = kernel.simulate(prepared.law, prepared.seed, prepared.steps, path, 1);
  const paths: Paths = { count: 1, steps: prepared.steps, columns: prepared.law.assets, ...simulated, frozenSteps: 0 };
  const { book } = prepared;
  const input = Terms.apply(book, parameters);
  const { result, events } = kernel.trace(input, paths);
  const row = Object.fromEntries([
    ['weight', simulated.weights[0]!],
    ...FIELDS.map((field) => [field, result[field][0]!] as const),
  ]) as PathStory['row'];
  const prices = book.assets.map((asset, index) => {
    const seen = events.filter((event) => event.kind === 'price' && event.asset === index && event.step <= prepared.steps);
    const column = (read: 'referenceUsd' | 'oracleUsd' | 'venueUsd') => seen.map((event) => (event.kind === 'price' ? event[read] : 0));
    return {
      asset,
      startUsd: input.startPrice[index]!,
      referenceUsd: column('referenceUsd'),
      oracleUsd: column('oracleUsd'),
      venueUsd: column('venueUsd'),
    };
  });
  const named = events.flatMap((event) => (event.kind === 'price' ? [] : [withNames(event, book, input)]));
  return { path, steps: prepared.steps, stepSeconds: input.stepSeconds, row, prices, events: named };
}

function withNames(
  event: Exclude<TraceEvent, { kind: 'price' }>,
  { assets, lenders, traders }: Prepared['book'],
  { collateralAsset, debtAsset }: { readonly collateralAsset: Int32Array; readonly debtAsset: Int32Array },
): NamedEvent {
  const who = (account: number) => ({ account: account < lenders.length ? lenders[account]! : traders[account - lenders.length]! });
  switch (event.kind) {
    case 'liquidation':
    case 'purchase':
      return { ...event, ...who(event.account), collateral: assets[event.collateral]!, debt: assets[event.debt]! };
    case 'unattended': {
      const { collateralRow, debtRow, account, ...rest } = event;
      return { ...rest, ...who(account), collateral: assets[collateralAsset[collateralRow]!]!, debt: assets[debtAsset[debtRow]!]! };
    }
    case 'absorbed':
      return { ...event, ...who(event.account), debt: assets[event.debt]! };
    case 'trade':
      return { ...event, ...who(event.account), asset: assets[event.asset]! };
    case 'deleveraged':
      return event;
    default:
      return { ...event, ...who(event.account) };
  }
}

export class NoSuchPathError extends PlimsollError {
  override readonly name = 'Path.NoSuchPathError';
}
