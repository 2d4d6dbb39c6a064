import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import * as Contenders from '../../models/contenders.ts';
import * as Contest from '../../models/contest.ts';
import * as Garch from '../../models/garch.ts';
import * as Innovation from '../../models/innovation.ts';
import { mixture } from '../../models/mixture.ts';
import * as Walk from '../../models/walk.ts';

const TRUTH: Garch.Parameters = { mu: 0, omega: 0.03, alpha: 0.03, gamma: 0.06, beta: 0.91, nu: 4, lambda: null };
const LENGTH = 9_000;
const HISTORY = 1_000;
const LEVELS = [0.01, 0.05];

function returnsOf(path: number, length = LENGTH): Float64Array {
  return Garch.simulate(TRUTH, length, { seed: 11, purpose: PURPOSE.sampleMarket, path });
}

function panelOf(returns: Float64Array): MarketPanel {
  let level = 0;
  const close = Array.from(returns, (r) => {
    level += r;
    return 100 * Math.exp(level / 100);
  });
  const column = close as (number | null)[];
  return {
    ...({ kind: 'market-panel', id: 'x', from: {}, assets: ['A'], quote: 'USD' } as unknown as MarketPanel),
    ...{ startsAt: '2020-01-01T00:00:00.000Z', stepSeconds: 3600, length: close.length },
    bars: { A: { open: column, high: column.map((p) => p! * 1.002), low: column.map((p) => p! / 1.002), close: column, volume: column } },
  };
}

function options(horizonBars: number, refitBars = 2_000): Walk.Options {
  const open = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.MAX_SAFE_INTEGER };
  return { horizonBars, levels: LEVELS, refitBars, historyBars: HISTORY, ...open, seed: 3 };
}

describe('a walk through a market where GJR-t is true', () => {
  const walks = [0, 1].map((path) => Walk.walk(panelOf(returnsOf(path)), 'A', options(1)));
  const rows = walks.flatMap(Contest.rows);

  it('scores every origin once, with all contenders', () => {
    for (const walked of walks) {
      expect(walked.origins).toHaveLength(LENGTH - HISTORY - 1);
      expect(new Set(walked.origins).size).toBe(walked.origins.length);
      expect(walked.tracks.map(({ forecaster }) => forecaster)).toEqual([
        ...['historical', 'ewma', 'garch-normal', 'gjr-t', 'filtered-historical', 'conditional-evt', 'mixture'],
      ]);
    }
  });

  it('accepts the coverage of the truth and of the mixture, and rejects the normal one', () => {
    const of = (forecaster: string, level: number) => rows.filter((row) => row.forecaster === forecaster && row.level === level);
    for (const name of ['gjr-t', 'mixture'])
      for (const level of LEVELS) for (const row of of(name, level)) expect(row.kupiecP).toBeGreaterThan(0.01);
    for (const row of of('garch-normal', 0.01)) expect(row.kupiecP).toBeLessThan(0.01);
    for (const row of of('historical', 0.05)) expect(row.christoffersenP).toBeLessThan(0.05);
  });

  it('finds the mixture better than GARCH-normal, and no test of that against itself', () => {
    const pooled = Contest.pooled(walks, 1);
    const row = (forecaster: string) => pooled.find((one) => one.forecaster === forecaster && one.level === 0.01)!;
    expect(row('mixture').dmVsGarchNormalP).toBeLessThan(0.05);
    expect(row('gjr-t').inConfidenceSet).toBe(true);
    expect(row('garch-normal').inConfidenceSet).toBe(false);
    expect(row('garch-normal').dmVsGarchNormalP).toBeNull();
  });
});

describe('what comes later', () => {
  it('changes no earlier forecast, not even the bar after the origin', () => {
    const returns = returnsOf(2, 1_300);
    const calm = Walk.walk(panelOf(returns), 'A', options(2, 100));
    // Bars that no outcome of two bars ends on: up and back within one.
    const loud = returns.slice();
    const origin = calm.origins[100]!;
    const at = Math.round((origin - Date.parse('2020-01-01T00:00:00.000Z')) / 3_600_000);
    loud[at] = loud[at]! + 40;
    loud[at + 1] = loud[at + 1]! - 40;
    const shaken = Walk.walk(panelOf(loud), 'A', options(2, 100));
    const upTo = (walked: Walk.Walked, end: number) => walked.tracks.map(({ levels }) => levels.map(({ fz0 }) => fz0.slice(0, end)));
    const [before, after] = [upTo(calm, 101), upTo(shaken, 101)];
    before.forEach((levels, track) => {
      levels.forEach((list, level) => {
        list.forEach((loss, i) => {
          expect(after[track]![level]![i]).toBeCloseTo(loss, 9);
        });
      });
    });
    // And it is seen by the next one.
    expect(shaken.tracks[3]!.levels[0]!.fz0[101]).not.toBeCloseTo(calm.tracks[3]!.levels[0]!.fz0[101]!, 3);
  });

  it('is not there for an asset without history', () => {
    expect(() => Walk.walk(panelOf(returnsOf(3, 900)), 'A', options(1))).toThrow(Walk.NothingToScoreError);
  });
});

describe('contenders over several bars', () => {
  const past = returnsOf(4, 2_000);
  const known = { returnsPct: past, normal: Garch.fit(past, Contenders.GARCH_NORMAL), student: Garch.fit(past, Garch.GJR_T) };
  const said = (horizonBars: number) =>
    Contenders.all({ horizonBars, dayBars: 24, levels: LEVELS, seed: 1 }).map((one) => one.fit(known).forecast());

  it('agree with independent paths', () => {
    const bars = 12;
    const { parameters } = known.student;
    const start = Garch.filter(past, parameters, Garch.GJR_T).nextVariance;
    const errors = Innovation.law(parameters.nu, null);
    const ends = Float64Array.from({ length: 6_000 }, (_, path) => {
      let h = start;
      let total = 0;
      for (let bar = 0; bar < bars; bar += 1) {
        const e = Math.sqrt(h) * Innovation.quantile(uniform(5, PURPOSE.sampleMarket, path, bar, 0), errors);
        total += parameters.mu + e;
        h = parameters.omega + (parameters.alpha + (e < 0 ? parameters.gamma : 0)) * e * e + parameters.beta * h;
      }
      return total;
    }).sort();
    const gjr = said(bars)[3]!;
    LEVELS.forEach((level, i) => {
      const tail = ends.subarray(0, level * ends.length);
      expect(Math.abs(gjr.valueAtRisk[i]! / ends[level * ends.length]! - 1)).toBeLessThan(0.1);
      expect(Math.abs((gjr.expectedShortfall[i]! * tail.length) / tail.reduce((sum, r) => sum + r, 0) - 1)).toBeLessThan(0.15);
    });
  });

  it('say losses, a shortfall beyond the quantile, and deeper ones for longer', () => {
    const [one, many] = [said(1), said(24)];
    for (const forecasts of [one, many])
      for (const { valueAtRisk, expectedShortfall, variance } of forecasts) {
        expect(variance).toBeGreaterThan(0);
        for (const [i, q] of valueAtRisk.entries()) {
          expect(q).toBeLessThan(0);
          expect(expectedShortfall[i]).toBeLessThan(q);
        }
      }
    many.forEach(({ valueAtRisk }, i) => {
      expect(valueAtRisk[0]).toBeLessThan(one[i]!.valueAtRisk[0]!);
    });
  });
});

describe('the mixture', () => {
  it('widens until its share of hits is right, whatever its members say', () => {
    const members = [1, 1.4].map((size) => ({ valueAtRisk: [-size], expectedShortfall: [-1.2 * size], variance: size }));
    const blend = mixture([0.05]);
    expect(blend.combine(members).valueAtRisk[0]).toBeCloseTo(-1.2, 12);
    let late = 0;
    const outcomes = Garch.simulate({ ...TRUTH, omega: 1, alpha: 0, gamma: 0, beta: 0, nu: null }, 12_000, {
      ...{ seed: 1, purpose: PURPOSE.sampleMarket, path: 9 },
    });
    for (const [t, outcome] of outcomes.entries()) {
      const combined = blend.combine(members);
      if (t >= 6_000 && outcome < combined.valueAtRisk[0]!) late += 1;
      blend.learn(combined, outcome);
    }
    expect(late / 6_000).toBeCloseTo(0.05, 2);
    expect(blend.combine(members).valueAtRisk[0]).toBeLessThan(-1.4);
  });
});
