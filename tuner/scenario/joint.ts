/**
 * Joint: several protocols' books under one scenario. Each alone, with the whole depth of every market and all of the liquidators' money to
 * itself, as each assumes when it sets its limits; then all together on the same paths. What they lose beyond the sum is the contagion.
 */
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import * as Contagion from '../stress/contagion.ts';
import * as Summary from '../stress/summary.ts';
import * as Run from './run.ts';
import type { Scenario } from './scenario.ts';
import * as World from './world.ts';

/** The first state's parameters may be others than its own; `riskOf` gives a book's level and budget. */
export type Books = Omit<World.Ground, 'state' | 'names' | 'isLenient'> & {
  readonly states: readonly ProtocolState[];
  readonly parameters: ParametersByAsset;
  readonly paths: number;
  readonly riskOf: (state: ProtocolState) => Summary.Risk;
};

export type Spread = {
  readonly name: string;
  readonly protocols: readonly {
    readonly protocol: string;
    readonly alone: Run.Outcome;
    /** Of its accounts while all act, before any insurance fund. */
    readonly togetherUsd: number;
  }[];
  readonly together: Run.Outcome;
  /** Mean loss together less the sum of the means alone, USD; the standard error is of the paths' differences. */
  readonly addedUsd: Run.Measured;
};

/** Paths as the law has them, nothing changed. */
export const NOTHING: Scenario = { name: 'the law', why: 'Nothing but what the law has.', prices: 'law', moves: [], depth: [] };

export function spread(kernel: Kernel, books: Books, scenario: Scenario): Spread {
  const { states, parameters, paths, riskOf, ...ground } = books;
  const ask = (state: ProtocolState, tested: ParametersByAsset, more: Pick<World.Ground, 'names' | 'isLenient'>) => {
    const world = World.make(kernel, { ...ground, ...more, state }, scenario);
    const simulated = Run.simulate(kernel, world, tested, world.law === null ? 1 : paths);
    const outcome = Run.outcomeOf(kernel, world, tested, simulated, riskOf(state));
    return { world, simulated, outcome, lossUsd: Summary.losses(simulated.byPath, state.insuranceFundUsd) };
  };
  // All together first: a scenario must be about the joint book, and may be about assets that some of the books do not have.
  const joint = Contagion.join(states);
  const own = new Map(states.flatMap((state) => state.assets.map(({ asset }) => [Contagion.listed(state, asset), asset])));
  const tested = { ...parametersOf(joint) };
  for (const [asset, values] of Object.entries(parameters)) tested[Contagion.listed(states[0]!, asset)] = values;
  const together = ask(joint, tested, { names: joint.assets.map(({ asset }) => own.get(asset)!) });
  const alone = states.map((state, index) => ask(state, index === 0 ? parameters : parametersOf(state), { isLenient: true }));

  const { weight } = together.simulated.byPath;
  const added = together.lossUsd.map((usd, path) => alone.reduce((left, { lossUsd }) => left - lossUsd[path]!, usd));
  const mean = Summary.mean(added, weight);
  const venue = states.findIndex(({ derivatives }) => derivatives.length > 0);
  const place = new Map(states.flatMap((state, index) => state.lending.map(({ account }) => [Contagion.listed(state, account), index])));
  const { lenders, traders } = together.world.book;
  const whose = [...lenders.map((account) => place.get(account)!), ...traders.map(() => venue)];
  const all = Summary.total(weight);
  return {
    name: scenario.name,
    protocols: states.map((state, index) => ({
      protocol: state.protocol,
      alone: alone[index]!.outcome,
      togetherUsd: whose.reduce(
        (sum, owner, account) => (owner === index ? sum + together.simulated.accountLossUsd[account]! / all : sum),
        0,
      ),
    })),
    together: together.outcome,
    addedUsd: { mean, standardError: Summary.standardError(added, weight, mean) },
  };
}
