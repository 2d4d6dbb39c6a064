/**
 * Several protocols on one market. Every protocol sizes its limits as if the whole depth of a market were its own; together they sell into
 * the same pools, to the same liquidators.
 *
 * `join` makes one book of several states: each keeps its assets, parameters, feeds and rule; assets that follow one price series are one
 * pool (book.ts), whoever lists them. `compare` stresses each alone, with all depth to itself, and all together on the same paths.
 */
import { PlimsollError } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import type * as Book from './book.ts';
import type { LossSummary } from './evidence.ts';
import * as Stress from './stress.ts';
import * as Summary from './summary.ts';

export type Contagion = {
  /** Each with the depth to itself, in the order given. */
  readonly alone: readonly { readonly protocol: string; readonly summary: LossSummary }[];
  readonly together: LossSummary;
  /** Mean bad debt together less the sum of the means alone, USD, with its standard error over paths (common random numbers). */
  readonly addedUsd: number;
  readonly addedStandardErrorUsd: number;
};

export type ContagionInputs = {
  readonly states: readonly ProtocolState[];
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  readonly risk: Summary.Risk;
  readonly options: { readonly borrowers: Book.Borrowers; readonly assumed?: Partial<Book.Assumptions> };
};

export function join(states: readonly ProtocolState[]): ProtocolState {
  const [first] = states;
  if (first === undefined || new Set(states.map(({ protocol }) => protocol)).size < states.length) {
    throw new NotJointError({ got: states.map(({ protocol }) => protocol).join(', ') || 'none', needed: 'states of different protocols' });
  }
  const traded = states.filter(({ derivatives }) => derivatives.length > 0);
  const other = states.find(
    ({ asOf, closeFactorBps, fullCloseHealth }) =>
      asOf !== first.asOf || closeFactorBps !== first.closeFactorBps || fullCloseHealth !== first.fullCloseHealth,
  );
  if (traded.length > 0 || other !== undefined) {
    throw new NotJointError({
      got: traded.length > 0 ? 'derivative accounts' : `${other!.protocol} as of ${other!.asOf}`,
      needed: `lending accounts as of ${first.asOf}, with the close factor and full-close health of ${first.protocol}`,
      where: (traded[0] ?? other!).protocol,
    });
  }
  const byName = <T>(list: readonly T[], name: (item: T) => string) => [...list].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  return seal({
    kind: 'protocol-state' as const,
    from: { importedFrom: states.map(({ id }) => id) },
    protocol: states.map(({ protocol }) => protocol).join('+'),
    chainId: first.chainId,
    block: first.block,
    asOf: first.asOf,
    simulated: states.some(({ simulated }) => simulated),
    assets: byName(
      states.flatMap((state) => state.assets.map((asset) => ({ ...asset, asset: listed(state, asset.asset) }))),
      ({ asset }) => asset,
    ),
    eModes: states.flatMap((state, place) =>
      state.eModes.map((mode) => ({
        ...mode,
        category: place * CATEGORIES + mode.category,
        assets: mode.assets.map((asset) => listed(state, asset)),
      })),
    ),
    lending: byName(
      states.flatMap((state, place) =>
        state.lending.map((account) => ({
          ...account,
          account: listed(state, account.account),
          eMode: account.eMode === 0 ? 0 : place * CATEGORIES + account.eMode,
          collateral: account.collateral.map((holding) => ({ ...holding, asset: listed(state, holding.asset) })),
          debt: account.debt.map((holding) => ({ ...holding, asset: listed(state, holding.asset) })),
        })),
      ),
      ({ account }) => account,
    ),
    derivatives: [],
    marginRule: null,
    closeFactorBps: first.closeFactorBps,
    fullCloseHealth: first.fullCloseHealth,
    insuranceFundUsd: 0,
    setAside: states.flatMap(({ setAside }) => setAside),
    waivers: states.flatMap(({ waivers }) => waivers),
    notes: states.flatMap((state) => state.notes.map((note) => `${state.protocol}: ${note}`)),
  });
}

export function compare(kernel: Kernel, { states, model, scenarios, risk, options }: ContagionInputs): Contagion {
  const run = (state: ProtocolState) => {
    const parameters: ParametersByAsset = parametersOf(state);
    const prepared = Stress.prepare(state, model, scenarios, options);
    const part = Stress.stressRange(kernel, prepared, parameters, { from: 0, to: scenarios.paths });
    return Stress.assemble(prepared, parameters, [part], [], risk);
  };
  const alone = states.map((state) => ({ protocol: state.protocol, evidence: run(state) }));
  const together = run(join(states));
  const { weight } = together.paths;
  const added = together.paths.badDebtUsd.map((usd, path) =>
    alone.reduce((left, { evidence }) => left - evidence.paths.badDebtUsd[path]!, usd),
  );
  const mean = Summary.mean(added, weight);
  return {
    alone: alone.map(({ protocol, evidence }) => ({ protocol, summary: evidence.summary })),
    together: together.summary,
    addedUsd: mean,
    addedStandardErrorUsd: Summary.standardError(added, weight, mean),
  };
}

/** More efficiency modes than any protocol has: places of the categories of one state in the joint one. */
const CATEGORIES = 1_000;

function listed(state: ProtocolState, name: string): string {
  return `${name}.${state.protocol}`;
}

export class NotJointError extends PlimsollError {
  override readonly name = 'Contagion.NotJointError';
}
