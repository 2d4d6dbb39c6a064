/**
 * Several protocols on one market. Every protocol sizes its limits as if the whole depth of a market were its own; together they sell into
 * the same pools, to the same liquidators.
 *
 * `join` makes one book of several states: each keeps its assets, parameters, feeds and rule; assets that follow one price series are one
 * pool (book.ts), whoever lists them. At most one may have traders: the engine knows one margin rule and one insurance fund at a time.
 * scenario/joint.ts stresses each alone, with all depth to itself, and all together on the same paths.
 */
import { PlimsollError } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import type { DerivativeAccount, MarginRule } from '../../datasets/derivatives.ts';
import type { ProtocolState } from '../../datasets/state.ts';

export function join(states: readonly ProtocolState[]): ProtocolState {
  const [first] = states;
  if (first === undefined || new Set(states.map(({ protocol }) => protocol)).size < states.length) {
    throw new NotJointError({ got: states.map(({ protocol }) => protocol).join(', ') || 'none', needed: 'states of different protocols' });
  }
  const traded = states.filter(({ derivatives }) => derivatives.length > 0);
  if (traded.length > 1) {
    throw new NotJointError({
      got: `derivative accounts of ${traded.map(({ protocol }) => protocol).join(' and ')}`,
      needed: 'derivative accounts of one protocol at most',
      where: traded[1]!.protocol,
    });
  }
  const other = states.find(
    ({ asOf, closeFactorBps, fullCloseHealth }) =>
      asOf !== first.asOf || closeFactorBps !== first.closeFactorBps || fullCloseHealth !== first.fullCloseHealth,
  );
  if (other !== undefined) {
    const { asOf, closeFactorBps, fullCloseHealth } = other;
    throw new NotJointError({
      got: `${other.protocol} as of ${asOf}, close factor ${closeFactorBps} bp, full close below ${fullCloseHealth}`,
      needed: `as of ${first.asOf}, close factor ${first.closeFactorBps} bp, full close below ${first.fullCloseHealth}, as ${first.protocol}`,
      where: other.protocol,
    });
  }
  const venue = traded[0] ?? first;
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
    derivatives: venue.derivatives.map((account) => renamed(venue, account)),
    marginRule: venue.marginRule === null ? null : rulesOf(venue, venue.marginRule),
    closeFactorBps: first.closeFactorBps,
    fullCloseHealth: first.fullCloseHealth,
    insuranceFundUsd: venue.insuranceFundUsd,
    setAside: states.flatMap(({ setAside }) => setAside),
    waivers: states.flatMap(({ waivers }) => waivers),
    notes: states.flatMap((state) => state.notes.map((note) => `${state.protocol}: ${note}`)),
  });
}

/** More efficiency modes than any protocol has: places of the categories of one state in the joint one. */
const CATEGORIES = 1_000;

/** What an asset or account of one state is called in the joint one. */
export function listed(state: Pick<ProtocolState, 'protocol'>, name: string): string {
  return `${name}.${state.protocol}`;
}

function renamed(state: ProtocolState, account: DerivativeAccount): DerivativeAccount {
  const { perps, options, collateral, isolated } = account;
  const named = <T extends { readonly asset: string }>(one: T): T => ({ ...one, asset: listed(state, one.asset) });
  return {
    ...account,
    account: listed(state, account.account),
    perps: perps.map(named),
    ...(options === undefined ? {} : { options: options.map(named) }),
    ...(collateral === undefined ? {} : { collateral: collateral.map(named) }),
    ...(isolated === undefined ? {} : { isolated: isolated.map(({ perp, equityUsd }) => ({ perp: named(perp), equityUsd })) }),
  };
}

function rulesOf(state: ProtocolState, rule: MarginRule): MarginRule {
  const named = <T>(byAsset: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(byAsset).map(([asset, value]) => [listed(state, asset), value]));
  const { shockByAsset, volatilityRangeByAsset, fundingPer8hByAsset } = rule;
  return {
    ...rule,
    shockByAsset: named(shockByAsset),
    ...(volatilityRangeByAsset === undefined ? {} : { volatilityRangeByAsset: named(volatilityRangeByAsset) }),
    ...(fundingPer8hByAsset === undefined ? {} : { fundingPer8hByAsset: named(fundingPer8hByAsset) }),
  };
}

export class NotJointError extends PlimsollError {
  override readonly name = 'Contagion.NotJointError';
}
