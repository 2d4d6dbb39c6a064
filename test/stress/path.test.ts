import { describe, expect, it } from 'vitest';
import * as Plot from '../../api/cli/plot.ts';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import * as Path from '../../tuner/stress/path.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import { tiltOf } from '../../tuner/stress/towards.ts';
import * as Fixture from './fixture.ts';

const kernel = loadKernel();
const MODEL = Fixture.model(4);
const STATE = Fixture.book(4, 40, 15, Fixture.draws(3));
const PARAMETERS = parametersOf(STATE);
const PREPARED = Stress.prepare(STATE, MODEL, plan(MODEL, { seed: 7, paths: 600, steps: 24, tilt: tiltOf(STATE, MODEL) }), {
  borrowers: 'responsive',
});

describe('a path told again', () => {
  const whole = Stress.stressRange(kernel, PREPARED, PARAMETERS, { from: 0, to: 600 });

  it('has the row of the evidence, to the last bit, wherever in its block it stood', () => {
    for (let path = 0; path < 600; path += 7) {
      const { row } = Path.tell(kernel, PREPARED, PARAMETERS, path);
      for (const field of Stress.FIELDS) expect(row[field], `${field} of path ${path}`).toBe(whole.byPath[field][path]);
      expect(row.weight).toBe(whole.byPath.weight[path]);
    }
    expect(whole.byPath.liquidatedUsd.filter((usd) => usd > 0).length).toBeGreaterThan(20);
  });

  it('names who, and its events add up to the row', () => {
    const worst = whole.byPath.badDebtUsd.indexOf(Math.max(...whole.byPath.badDebtUsd));
    const { row, events, prices } = Path.tell(kernel, PREPARED, PARAMETERS, worst);
    const total = (kind: string, field: Path.Figure) =>
      events.filter((event) => event.kind === kind).reduce((sum, event) => sum + event[field]!, 0);
    expect(row.badDebtUsd).toBeGreaterThan(0);
    expect(total('liquidation', 'repaidUsd')).toBe(row.liquidatedUsd);
    expect(total('bad-debt', 'lossUsd')).toBe(row.badDebtUsd);
    const accounts = [...STATE.lending.map(({ account }) => account), ...STATE.derivatives.map(({ account }) => account)];
    for (const { account } of events) if (account !== undefined) expect(accounts).toContain(account);
    for (const { referenceUsd, oracleUsd, venueUsd } of prices)
      expect([referenceUsd, oracleUsd, venueUsd].map(({ length }) => length)).toEqual([24, 24, 24]);
  });

  it('can be drawn: one line an asset that moves, one bar a step with liquidations', () => {
    const worst = whole.byPath.liquidatedUsd.indexOf(Math.max(...whole.byPath.liquidatedUsd));
    const story = Path.tell(kernel, PREPARED, PARAMETERS, worst);
    const picture = Plot.svg(story);
    const steps = new Set(story.events.filter(({ kind }) => kind === 'liquidation').map(({ step }) => step));
    expect(picture.match(/fill="#9498a0"/g)?.length).toBe(steps.size);
    expect(picture.match(/<polyline/g)?.length).toBe(2 * Fixture.names(4).length);
    expect(picture).not.toMatch(/NaN|Infinity/);
  });

  it('refuses a path that the set does not have', () => {
    for (const path of [-1, 600, 1.5, Number.NaN])
      expect(() => Path.tell(kernel, PREPARED, PARAMETERS, path)).toThrow(Path.NoSuchPathError);
  });
});
