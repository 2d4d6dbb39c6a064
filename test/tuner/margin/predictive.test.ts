import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProtocolState, parametersOf } from '../../../datasets/state.ts';
import { loadKernel } from '../../../kernel/kernel.ts';
import type { Forecaster, MarketModel } from '../../../models/market.ts';
import * as Limits from '../../../tuner/limits.ts';
import * as Account from '../../../tuner/margin/account.ts';
import * as Foresight from '../../../tuner/margin/foresight.ts';
import * as Predictive from '../../../tuner/margin/predictive.ts';
import { limitOf, type Policy } from '../../../tuner/policy.ts';
import { Recommendation } from '../../../tuner/recommendation.ts';
import * as Book from '../../stress/fixture.ts';
import { fieldOf, NOW, policy, risky, tuned } from '../fixture.ts';

const kernel = loadKernel();
const OPTIONS = ['buffer', 'stress-weight', 'floor'] as const;
const NONE: Predictive.Congestion = { says: 'no congestion series' };
const move = fc.double({ min: 0, max: 0.9, noNaN: true });
const quantiles = fc.record({ fallFraction: move, riseFraction: move });
const foresight = fc.record({ now: quantiles, longRun: quantiles, stressed: quantiles, by: fc.constant('law' as const) });
const share = fc.double({ min: 0.01, max: 0.5, noNaN: true });
const base = fc.record({ longFraction: share, shortFraction: share });
const option = fc.constantFrom(...OPTIONS);
const flat = (size: number): Predictive.Quantiles => ({ fallFraction: size, riseFraction: size });
const saying = (now: number, longRun: number, stressed: number): Predictive.Foresight => ({
  ...{ now: flat(now), longRun: flat(longRun), stressed: flat(stressed), by: 'law' },
});
const TENTH: Predictive.Base = { longFraction: 0.1, shortFraction: 0.1 };

describe('the rule', () => {
  it('asks for more where a quantile is larger, whichever', () => {
    fc.assert(
      fc.property(
        foresight,
        base,
        option,
        fc.constantFrom('now', 'longRun', 'stressed'),
        fc.constantFrom('fallFraction', 'riseFraction'),
        share,
        (seen, of, by, which, side, more) => {
          const larger = { ...seen, [which]: { ...seen[which], [side]: seen[which][side] + more } };
          const at = (one: Predictive.Foresight) => Predictive.target(of, one, NONE, by).targetPpm;
          expect(at(larger)).toBeGreaterThanOrEqual(at(seen));
        },
      ),
    );
    expect(Predictive.target(TENTH, saying(0.3, 0.1, 0.2), NONE, 'floor').targetPpm).toBe(3_000_000);
  });

  it('knows no scale: moves and base margin times anything ask for the same', () => {
    fc.assert(
      fc.property(foresight, base, option, fc.constantFrom(2, 4, 0.5, 0.125), (seen, of, by, c) => {
        const times = ({ fallFraction, riseFraction }: Predictive.Quantiles) => ({
          fallFraction: c * fallFraction,
          riseFraction: c * riseFraction,
        });
        const scaled = { ...seen, now: times(seen.now), longRun: times(seen.longRun), stressed: times(seen.stressed) };
        const scaledBase = { longFraction: c * of.longFraction, shortFraction: c * of.shortFraction };
        expect(Predictive.target(scaledBase, scaled, NONE, by)).toEqual(Predictive.target(of, seen, NONE, by));
      }),
    );
  });

  it('keeps the options of article 28: a buffer built in calm and used up, a quarter on stress, a floor', () => {
    const at = (by: (typeof OPTIONS)[number], now: number) => Predictive.target(TENTH, saying(now, 0.1, 0.4), NONE, by);
    expect([0.04, 0.1, 0.11, 0.125, 0.2].map((now) => at('buffer', now).targetPpm)).toEqual(
      [50_000, 125_000, 125_000, 125_000, 200_000].map((ppm) => 10 * ppm),
    );
    expect(at('buffer', 0.11).movedBy).toBe('buffer');
    expect(at('buffer', 0.2).movedBy).toBe('quantile');
    expect(at('stress-weight', 0.2)).toMatchObject({ targetPpm: 2_500_000, calculatedPpm: 2_000_000, movedBy: 'stress-weight' });
    expect(at('floor', 0.04)).toMatchObject({ targetPpm: 1_000_000, movedBy: 'floor' });
  });

  it('takes the side that asks for more of its own margin', () => {
    const seen = { ...saying(0.1, 0.1, 0.1), now: { fallFraction: 0.1, riseFraction: 0.12 } };
    expect(Predictive.target(TENTH, seen, NONE, 'floor').side).toBe('rise');
    expect(Predictive.target({ longFraction: 0.05, shortFraction: 0.1 }, seen, NONE, 'floor')).toMatchObject({
      side: 'fall',
      targetPpm: 2_000_000,
    });
  });

  it('measures the base margin as the venue does', () => {
    const state = Book.state([Book.asset('A00')], []);
    const of = Predictive.baseOf(state.marginRule!, 'A00')!;
    for (const [size, side] of [
      [7, of.longFraction],
      [-7, of.shortFraction],
    ] as const) {
      const account = { account: 'a', equityUsd: 0, perps: [{ asset: 'A00', sizeTokens: size }] };
      const market = { asOf: state.asOf, priceUsd: { A00: 100 }, rule: state.marginRule! };
      expect(Account.standing(kernel, account, market, parametersOf(state)).requiredUsd).toBeCloseTo(700 * side, 9);
    }
    expect(Predictive.baseOf(state.marginRule!, 'B')).toBeNull();
  });
});

describe('congestion', () => {
  const fees = (recent: number, hours = 48, endsAt = NOW) => ({
    ...{ endsAt, stepSeconds: 3_600 },
    baseFeeGwei: [...new Array<number>(hours - 1).fill(20), recent],
  });
  it('says why nothing is known of it, and then adds nothing', () => {
    expect(Predictive.congestionOf(undefined, NOW)).toEqual(NONE);
    expect(Predictive.congestionOf(fees(200, 23), NOW).says).toBe('congestion series too short');
    expect(Predictive.congestionOf(fees(200, 48, '2023-12-31T00:00:00.000Z'), NOW).says).toBe('congestion series out of date');
    expect(Predictive.congestionOf(fees(200, 48, '2024-01-01T01:30:00.000Z'), NOW).says).toBe('congestion series out of date');
    expect(Predictive.congestionOf(fees(200, 48, '2024-01-01T00:30:00.000Z'), NOW).says).toBe('known');
    for (const none of [undefined, fees(200, 23)]) {
      expect(Predictive.target(TENTH, saying(0.1, 0.1, 0.1), Predictive.congestionOf(none, NOW), 'floor')).toMatchObject({
        congestionFactor: 1,
        targetPpm: 1_000_000,
      });
    }
  });

  it('raises the margin with the root of the longer period, from twice the usual fee to eight times', () => {
    const factor = (recent: number) => Predictive.target(TENTH, saying(0.1, 0.1, 0.1), Predictive.congestionOf(fees(recent), NOW), 'floor');
    expect([5, 20, 40, 80, 160, 1_000].map((fee) => factor(fee).congestionFactor)).toEqual([1, 1, 1, Math.SQRT2, 2, 2]);
    expect(factor(160)).toMatchObject({ targetPpm: 2_000_000, movedBy: 'congestion' });
  });
});

describe('what the law foresees', () => {
  const model = Book.model(2);
  const asked: Foresight.Question = { level: 0.99, periodSeconds: 4 * 3_600, seed: 3 };
  const panel = { bars: {}, stepSeconds: 3_600 } as never;
  const of = (law: MarketModel, question = asked) => Foresight.foresee(kernel, panel, law, question).get('A00')!;
  const turbulent = Foresight.withVariance(model, () => 8);

  it('more in turbulence, over a longer period and at a higher level; the same bits again', () => {
    expect(of(turbulent).now.fallFraction).toBeGreaterThan(1.5 * of(model).now.fallFraction);
    expect(of(turbulent).longRun).toEqual(of(model).longRun);
    expect(of(model, { ...asked, periodSeconds: 16 * 3_600 }).now.fallFraction).toBeGreaterThan(1.5 * of(model).now.fallFraction);
    expect(of(model, { ...asked, level: 0.995 }).now.riseFraction).toBeGreaterThan(of(model).now.riseFraction);
    expect(of(model)).toEqual(of(model));
  });

  it('knows a usual state that does not hang on today, and the worst that the panel has seen', () => {
    const inRegime = (now: readonly number[]) => of({ ...model, regime: { ...model.regime, now } });
    expect(inRegime([0, 0, 1]).longRun).toEqual(inRegime([1, 0, 0]).longRun);
    expect(inRegime([0, 0, 1]).now.fallFraction).toBeGreaterThan(inRegime([1, 0, 0]).now.fallFraction);
    // Hours of 5 % around bar 1,500, of 0.5 % otherwise.
    const close = Array.from({ length: 3_000 }, (_, t) => (t % 2 === 0 ? 100 : 100 * (Math.abs(t - 1_500) < 100 ? 1.05 : 1.005)));
    const seen = { bars: { A00: { close } }, stepSeconds: 3_600 } as never;
    const { now, stressed } = Foresight.foresee(kernel, seen, model, asked).get('A00')!;
    expect(now).toEqual(of(model).now);
    expect(stressed.fallFraction).toBeGreaterThan(1.5 * now.fallFraction);
    expect(of(model).stressed).toEqual(now);
  });

  it('hears the forecaster by its weight, and not at all where its gate is closed', () => {
    const law = [-8, -4, 4, 8];
    const heard = (weight: number): Forecaster => ({
      ...{ backend: 'cpu', weights: model.id, quantileLevels: [0.01, 0.05, 0.95, 0.99], horizonSteps: 24 },
      verdicts: [{ asset: 'A00', weight, pinball: 1, benchmarkPinball: 1, observations: 100, pValue: 0.01, says: '' }],
      next: { A00: law.map((q) => 2 * q) },
      lawNext: { A00: law },
      tailRatio: { A00: 2 },
    });
    const plain = of(model);
    expect(of({ ...model, forecaster: heard(0) })).toEqual(plain);
    const mixed = of({ ...model, forecaster: heard(0.5) });
    expect(mixed.by).toBe('mixture');
    expect(mixed.now.fallFraction).toBeCloseTo(1.5 * plain.now.fallFraction, 12);
    expect(mixed.longRun).toEqual(plain.longRun);
  });
});

describe('in a recommendation', () => {
  const book = Book.book(3, 0, 60, Book.draws(5));
  const state: ProtocolState = { ...book, insuranceFundUsd: 1e9 };
  const model = Book.model(3);
  const of = (overrides: Partial<Policy> = {}) => policy({ maxNewlyLiquidatable: 1_000, ...overrides });
  const on = of({ predictiveMargin: { level: 0.99, periodSeconds: 14_400, procyclicality: 'floor' } });
  const asking = (now: number) => ({ foresights: new Map(Book.names(3).map((asset) => [asset, saying(now, 0.01, 0.5)])) });
  const margin = (found: Awaited<ReturnType<typeof tuned>>) => fieldOf(found, 'A00', 'marginMultiplierPpm');

  it('changes no byte where the policy does not ask', async () => {
    const [without, beside] = [await tuned({ state, model, policy: of() }), await tuned({ state, model, policy: of(), ...asking(0.4) })];
    expect(beside.recommendation).toEqual(without.recommendation);
    expect(without.recommendation.assets[0]).not.toHaveProperty('foreseen');
  });

  it('rises before the loss, as far as the speed limit goes, and says what moved it', async () => {
    const found = await tuned({ state, model, policy: on, ...asking(0.4) });
    expect(Recommendation.parse(found.recommendation)).toEqual(found.recommendation);
    const { verdict, from, to, binding } = margin(found);
    expect(verdict).toBe('change');
    expect(to).toBe(from + limitOf(on, 'A00', 'marginMultiplierPpm').maxTighten);
    expect(binding).toContain(
      'predictive-margin: × 2.50 for a fall of 40.0 % foreseen in 4 h (law, 99 %), no congestion series, stopped by max-tighten',
    );
    const advice = found.recommendation.assets.find(({ asset }) => asset === 'A00')!;
    expect(advice.foreseen).toMatchObject({ targetPpm: 2_500_000, congestion: 'no congestion series', timesUsualFee: null });
    expect(advice.because).toContain('foreseen in 4 h');
    expect(found.after.summary.meanMarginShortfallUsd).toBeLessThanOrEqual(found.before.summary.meanMarginShortfallUsd);
  });

  it('falls no lower than what is foreseen, and slower than it rises', async () => {
    const free = margin(await tuned({ state, model, policy: of() }));
    expect(free.to).toBe(900_000);
    // 0.15 of 0.16: × 0.9375, and steps of 50,000.
    const held = margin(await tuned({ state, model, policy: on, ...asking(0.15) }));
    expect(held.to).toBe(950_000);
    expect(held.binding).toContain('predictive-margin');
    const calm = margin(await tuned({ state, model, policy: on, ...asking(0.001) }));
    expect(calm.from - calm.to).toBeLessThan(limitOf(on, 'A00', 'marginMultiplierPpm').maxTighten);
  });

  it('keeps every limit whatever is foreseen', async () => {
    const history = (days: number): Limits.PastMove[] => [
      {
        asset: 'A00',
        field: 'marginMultiplierPpm',
        from: 900_000,
        to: 1_000_000,
        at: new Date(Date.parse(NOW) - days * 86_400_000).toISOString(),
      },
    ];
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.001, max: 0.6, noNaN: true }), fc.integer({ min: 0, max: 9 }), async (now, days) => {
        const found = await tuned({ state, model, policy: on, history: history(days), ...asking(now) }, 512, 4);
        for (const asset of Book.names(3)) {
          const { from, to } = fieldOf(found, asset, 'marginMultiplierPpm');
          const limit = limitOf(on, asset, 'marginMultiplierPpm');
          expect(Limits.check(limit, { asset, field: 'marginMultiplierPpm', from, to, now: NOW, history: history(days) })).toEqual({
            ok: true,
          });
        }
      }),
      { numRuns: 8 },
    );
  });

  it('says so where the venue has no margin for an asset', async () => {
    const found = await tuned({ state: risky({ marginRule: null }), model, policy: on, ...asking(0.4) });
    const advice = found.recommendation.assets.find(({ asset }) => asset === 'A00')!;
    expect(advice.foreseen).toBeNull();
    expect(advice.because).toContain('no margin of the venue to foresee');
  });
});
