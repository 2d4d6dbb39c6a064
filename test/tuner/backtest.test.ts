import { describe, expect, it } from 'vitest';
import { seal } from '../../base/id.ts';
import { PURPOSE, uniform } from '../../base/random.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Backbook from '../../tuner/backtest/book.ts';
import * as Rules from '../../tuner/backtest/rules.ts';
import { BASE, haircutsOf, type Origin, walk } from '../../tuner/backtest/walk.ts';
import { borrowingPowerUsd } from '../../tuner/objective.ts';
import * as Fixture from '../stress/fixture.ts';

const kernel = loadKernel();
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00.000Z');
const ASSETS = Fixture.names(2);

/** Normal hourly returns of one per cent; `crash` takes a share away at one hour. */
function panel(hours: number, crash?: { hour: number; share: number }): MarketPanel {
  const bars = Object.fromEntries(
    ASSETS.map((asset, lane) => {
      let price = 100;
      const close = Array.from({ length: hours }, (_, hour) => {
        price *= kernel.exp(0.01 * kernel.normalOf(uniform(5, PURPOSE.sampleMarket, 0, hour, lane)));
        if (crash?.hour === hour) price *= 1 - crash.share;
        return price;
      });
      return [asset, { open: close, high: close, low: close, close, volume: close.map(() => 1e6) }];
    }),
  );
  return seal({
    kind: 'market-panel',
    startsAt: new Date(START).toISOString(),
    stepSeconds: 3600,
    length: hours,
    assets: ASSETS,
    bars,
  }) as unknown as MarketPanel;
}

describe('what the rules read in the past', () => {
  it('is what a normal market of one per cent an hour has', () => {
    const past = panel(8_000);
    // 48 hours: 6.93 %; one in a hundred: −2.326 of them, 14.9 %.
    for (const fall of Object.values(Rules.ewma(past, ASSETS))) expect(Math.abs(fall - 0.149)).toBeLessThan(0.025);
    for (const fall of Object.values(Rules.historical(past, ASSETS))) expect(Math.abs(fall - 0.149)).toBeLessThan(0.025);
  });

  it('rises with volatility in the law, and with what must be sold', () => {
    const calm = Fixture.model(2);
    const volatility = Object.fromEntries(
      Object.entries(calm.volatility).map(([asset, own]) => [asset, { ...own, nextVariance: 4 * own.nextVariance, omega: 4 * own.omega }]),
    );
    const held = { A00: 1e7, A01: 1e7 };
    const base = Rules.law(calm, held, 1);
    const wild = Rules.law({ ...calm, volatility }, held, 1);
    const heavy = Rules.law(calm, { A00: 1e9, A01: 1e7 }, 1);
    expect(wild['A00']).toBeGreaterThan(base['A00']!);
    expect(heavy['A00']).toBeGreaterThan(base['A00']!);
    expect(heavy['A01']).toBe(base['A01']);
  });
});

describe('haircuts in force', () => {
  const falls = [0.1, 0.3, 0.3, 0.1, 0.1].map((fall) => ({ A00: fall, A01: fall }));
  const market = { assets: ASSETS, priceUsd: { A00: 100, A01: 100 }, dailyVolumeUsd: { A00: 1e8, A01: 1e8 } };
  const origins = falls.map(
    (fall, week): Origin => ({
      at: new Date(START + week * 7 * 24 * HOUR_MS).toISOString(),
      market,
      model: Fixture.model(2),
      falls: { law: fall, ewma: fall },
      curves: {},
    }),
  );

  it('keep to the guardrails, faster up than down', () => {
    const path = haircutsOf(kernel, origins, 'ewma', 1, BASE).map(({ A00 }) => A00);
    expect(path).toEqual([1000, 1300, 1600, 1500, 1400]);
    expect(haircutsOf(kernel, origins, 'ewma', 1, { ...BASE, guardrails: null }).map(({ A00 }) => A00)).toEqual([
      1000, 3000, 3000, 1000, 1000,
    ]);
  });

  it('remember the worst by a quarter where the law speaks', () => {
    expect(haircutsOf(kernel, origins, 'law', 1, { ...BASE, guardrails: null }).map(({ A00 }) => A00)).toEqual([
      1000, 3000, 3000, 1500, 1500,
    ]);
  });
});

describe('a window', () => {
  const hours = 15 * 24;
  const market = { assets: ASSETS, priceUsd: { A00: 100, A01: 100 }, dailyVolumeUsd: { A00: 1e8, A01: 1e8 } };
  const origin: Origin = {
    at: new Date(START).toISOString(),
    market,
    model: Fixture.model(2),
    falls: { law: { A00: 0.2, A01: 0.2 } },
    curves: {},
  };
  const run = (share: number, rule: Rules.Rule, knobs: readonly number[]) =>
    walk(kernel, [origin], () => panel(hours, { hour: 8 * 24, share }), 7 * 24 * 3600, rule, knobs, BASE);

  it('costs nothing in a quiet market, and the less the tighter in a crash', () => {
    for (const one of run(0, 'law', [1, 2])) expect(one.badDebtUsd).toBe(0);
    const [loose, tight] = run(0.5, 'law', [0.5, 2]);
    expect(loose!.badDebtUsd).toBeGreaterThan(tight!.badDebtUsd);
    expect(loose!.borrowingPowerUsd).toBeGreaterThan(tight!.borrowingPowerUsd);
  });

  it('is survived by who knew it', () => {
    const [knew] = run(0.5, 'hindsight', [1.5]);
    expect(knew!.badDebtUsd).toBe(0);
  });

  it('begins five days after its date, with a book that uses the power it is given', () => {
    const [one] = run(0, 'law', [1]);
    expect(one!.from).toBe('2024-01-06T00:00:00.000Z');
    const state = Backbook.state(market, 'volume', one!.from);
    const tight = Backbook.parameters({ A00: 8000, A01: 8000 });
    expect(borrowingPowerUsd(state, tight).power).toBeCloseTo(0.2 * Backbook.BOOK_USD, -1);
  });
});
