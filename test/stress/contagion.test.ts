/** Three protocols, one market: what each would lose with all depth to itself, and what they lose together. */
import { describe, expect, it } from 'vitest';
import { type AssetState, type LendingProtocol, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
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
      Contagion.compare(kernel, { states: list, model, scenarios, risk: RISK, options: { borrowers: 'standing' } });
    const { alone, together, addedUsd, addedStandardErrorUsd } = compare(states);
    const aloneUsd = alone.reduce((sum, { summary }) => sum + summary.meanUsd, 0);
    expect(addedUsd).toBeCloseTo(together.meanUsd - aloneUsd, 3);
    // Mild weather: Compound absorbs less when others crowd its buyers out, so the sign is the law's to say, not the test's.
    expect(addedStandardErrorUsd).toBeGreaterThan(0);
    expect(Math.abs(addedUsd)).toBeGreaterThan(2 * addedStandardErrorUsd);
    expect(compare([...states].reverse()).addedUsd).toBeCloseTo(addedUsd, 3);
  });

  it('refuses what is no joint book', () => {
    const one = protocolState('aave-v3');
    expect(() => Contagion.join([])).toThrow(Contagion.NotJointError);
    expect(() => Contagion.join([one, one])).toThrow(/different protocols/);
    expect(() => Contagion.join([one, { ...protocolState('morpho'), asOf: '2024-01-02T00:00:00.000Z' }])).toThrow(/as of 2024-01-01/);
  });
});
