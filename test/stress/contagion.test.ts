/** Three protocols, one market: what each would lose with all depth to itself, and what they lose together. */
import { describe, expect, it } from 'vitest';
import { type AssetState, type LendingProtocol, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Joint from '../../tuner/scenario/joint.ts';
import * as Scenario from '../../tuner/scenario/scenario.ts';
import * as Agents from '../../tuner/stress/agents.ts';
import * as Contagion from '../../tuner/stress/contagion.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Fixture from './fixture.ts';

const kernel = loadKernel();
const PROTOCOLS = ['aave-v3', 'compound-v3', 'morpho'] as const;
const INSTANT = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
const DEPTH = { dailyVolumeUsd: 3e6, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'thin' };
const RISK = { level: 0.9, budgetUsd: 0 };
const PATHS = 256;

/** Five accounts on 20 million of A00; `series` is the price series that drives it. */
function protocolState(protocol: LendingProtocol, series = 'A00', depth: AssetState['depth'] = DEPTH): ProtocolState {
  const lending = [0.97, 0.95, 0.92, 0.9, 0.85].map((level, index) => ({
    account: `a${index}`,
    protocol,
    eMode: 0,
    collateral: [{ asset: 'A00', amountTokens: 4e4 }],
    debt: [{ asset: 'USD', amountTokens: 4e6 * 0.8 * level }],
  }));
  return Fixture.state(
    [Fixture.asset('A00', { panelAsset: series, feed: INSTANT, depth }), Fixture.dollar({ feed: INSTANT })],
    lending,
    [],
    {
      protocol,
    },
  );
}

/** Three series, one price: each protocol's own pool, at the same prices. */
function onePath(states: readonly ProtocolState[], liquidators = [Agents.FLASH]) {
  const joint = Contagion.join(states);
  const fall = Array.from({ length: 12 }, (_, step) => 1 - 0.03 * (step + 1));
  const model = Fixture.model(3);
  const path = {
    name: 'fall',
    source: 'hypothetical' as const,
    says: 'every series alike',
    priceFactor: Object.fromEntries(model.assets.map((asset) => [asset, fall])),
    elsewhere: fall,
    depthFactor: 1,
    oracleFrozenSteps: 0,
  };
  const run = (state: ProtocolState) => {
    const prepared = Stress.prepare(state, model, Fixture.scenarios(model, 1, 12, [path]), {
      borrowers: 'standing',
      assumed: { liquidators },
    });
    return Stress.stressNamed(kernel, prepared, parametersOf(state))[0]!;
  };
  const alone = states.map(run);
  return { together: run(joint), aloneUsd: alone.reduce((sum, { badDebtUsd }) => sum + badDebtUsd, 0), alone };
}

describe('contagion', () => {
  it('is nothing where each protocol has its own market: the joint book is the sum, whatever the rules', () => {
    const { together, aloneUsd, alone } = onePath(PROTOCOLS.map((protocol, index) => protocolState(protocol, `A0${index}`)));
    expect(aloneUsd).toBeGreaterThan(0);
    expect(together.badDebtUsd).toBeCloseTo(aloneUsd, 3);
    expect(together.liquidatedUsd).toBeCloseTo(
      alone.reduce((sum, { liquidatedUsd }) => sum + liquidatedUsd, 0),
      3,
    );
  });

  it('costs where they sell into the same market', () => {
    const { together, aloneUsd } = onePath(PROTOCOLS.map((protocol) => protocolState(protocol)));
    expect(together.badDebtUsd).toBeGreaterThan(1.2 * aloneUsd);
  });

  it('costs where they share liquidators of bounded inventory, and only depth is their own', () => {
    const deep = { ...DEPTH, dailyVolumeUsd: 1e12 };
    const states = PROTOCOLS.map((protocol, index) => protocolState(protocol, `A0${index}`, deep));
    const desk = { ...Agents.DESK, inventoryUsd: 4e6, recycleSeconds: 4 * 3_600 };
    expect(onePath(states).together.badDebtUsd).toBe(0);
    const { together, aloneUsd } = onePath(states, [desk]);
    expect(together.badDebtUsd).toBeGreaterThan(1.2 * aloneUsd + 1);
  });

  it('is measured on common paths with its standard error, and does not hang on the order of protocols', () => {
    const states = PROTOCOLS.map((protocol) => protocolState(protocol));
    const model = Fixture.model(1);
    const scenarios = Fixture.scenarios(model, PATHS, 24);
    const compare = (list: readonly ProtocolState[]) =>
      Joint.spread(
        kernel,
        { states: list, model, scenarios, borrowers: 'standing', parameters: parametersOf(list[0]!), paths: PATHS, riskOf: () => RISK },
        Joint.NOTHING,
      );
    const { protocols, together, addedUsd: added } = compare(states);
    const { mean: addedUsd, standardError: addedStandardErrorUsd } = added;
    const aloneUsd = protocols.reduce((sum, { alone }) => sum + alone.summary.meanUsd, 0);
    expect(addedUsd).toBeCloseTo(together.summary.meanUsd - aloneUsd, 3);
    expect(protocols.reduce((sum, { togetherUsd }) => sum + togetherUsd, 0)).toBeCloseTo(together.summary.meanUsd, 3);
    // Mild weather: Compound absorbs less when others crowd its buyers out, so the sign is the law's to say, not the test's.
    expect(addedStandardErrorUsd).toBeGreaterThan(0);
    expect(Math.abs(addedUsd)).toBeGreaterThan(2 * addedStandardErrorUsd);
    expect(compare([...states].reverse()).addedUsd.mean).toBeCloseTo(addedUsd, 3);
  });

  it('bends all books alike, and asks each alone only for what it has', () => {
    const states = [protocolState('aave-v3', 'A00'), protocolState('morpho', 'A01')].map((state, index) =>
      index === 0
        ? state
        : {
            ...state,
            assets: state.assets.map((one) => (one.asset === 'USD' ? { ...one, asset: 'USX' } : one)),
            lending: state.lending.map((account) => ({ ...account, debt: account.debt.map((owed) => ({ ...owed, asset: 'USX' })) })),
          },
    );
    const model = Fixture.model(2);
    const books = {
      states,
      model,
      scenarios: Fixture.scenarios(model, 1, 24),
      borrowers: 'standing' as const,
      parameters: parametersOf(states[0]!),
      paths: 1,
      riskOf: () => RISK,
    };
    const ask = (yaml: string) => Joint.spread(kernel, books, Scenario.parse(`name: n\nwhy: w\nprices: still\nmoves:\n${yaml}`, 'n'));
    const liquidated = ({ protocols }: Joint.Spread) => protocols.map(({ alone }) => alone.liquidatedAccounts.mean > 0);
    expect(liquidated(ask('  - {asset: A00, to: 0.9}\n'))).toEqual([true, true]);
    const one = ask('  - {asset: USX, to: 1.2}\n');
    expect(liquidated(one)).toEqual([false, true]);
    expect(one.protocols[0]!.alone.leftOut).toEqual(['moves.0']);
    expect(one.together.leftOut).toEqual([]);
    expect(one.together.liquidatedAccounts.mean).toBe(one.protocols[1]!.alone.liquidatedAccounts.mean);
    expect(() => ask('  - {asset: DOGE, to: 0.5}\n')).toThrow(/Got DOGE/);
  });

  it('has the traders of one venue with it, their rule and fund: alone in the joint book they are what they were', () => {
    const traded = Fixture.state(
      Fixture.book(2, 5, 12, Fixture.draws(4)).assets,
      [],
      Fixture.book(2, 5, 12, Fixture.draws(4)).derivatives,
      {
        protocol: 'venue',
        insuranceFundUsd: 1e3,
      },
    );
    const lending = protocolState('aave-v3', 'A01', { ...DEPTH, dailyVolumeUsd: 1e8 });
    const model = Fixture.model(2);
    const scenarios = Fixture.scenarios(model, PATHS, 24);
    const idle = { ...lending, lending: lending.lending.slice(0, 1).map((account) => ({ ...account, debt: [] })) };
    const { protocols, together, addedUsd } = Joint.spread(
      kernel,
      {
        states: [traded, idle],
        model,
        scenarios,
        borrowers: 'standing',
        parameters: parametersOf(traded),
        paths: PATHS,
        riskOf: () => RISK,
      },
      { ...Joint.NOTHING, law: { volatilityTimes: 3 } },
    );
    expect(together.marginShortfallUsd.mean).toBeGreaterThan(0);
    expect(together.marginShortfallUsd.mean).toBeCloseTo(protocols[0]!.alone.marginShortfallUsd.mean, 3);
    expect(addedUsd.mean).toBeCloseTo(0, 3);
    expect(() => Contagion.join([traded, { ...traded, protocol: 'other' }])).toThrow(/derivative accounts of venue and other/);
  });

  it('refuses what is no joint book', () => {
    const one = protocolState('aave-v3');
    expect(() => Contagion.join([])).toThrow(Contagion.NotJointError);
    expect(() => Contagion.join([one, one])).toThrow(/different protocols/);
    expect(() => Contagion.join([one, { ...protocolState('morpho'), asOf: '2024-01-02T00:00:00.000Z' }])).toThrow(/as of 2024-01-01/);
  });
});
