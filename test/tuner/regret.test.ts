import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, seal } from '../../base/id.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { advisedOf } from '../../tuner/explanation/explanation.ts';
import { borrowingPowerUsd } from '../../tuner/objective.ts';
import type { Recommendation } from '../../tuner/recommendation.ts';
import * as Regret from '../../tuner/regret.ts';
import * as Ledger from '../../tuner/regret-ledger.ts';
import { replay } from '../../tuner/stress/replay.ts';
import * as Book from '../stress/fixture.ts';
import { policy, risky, tuned } from './fixture.ts';

const kernel = loadKernel();
const model = Book.model(3);
const state = risky();
const HORIZON = 24;
const scenarios = Book.scenarios(model, 512, HORIZON);
const { recommendation } = await tuned({ state, model, policy: policy({ budgetFraction: 1e-6 }), scenarios });
const past = { state, model, scenarios, recommendation };

/** Hours after as-of, every asset times `factor(hour)`; two known hours before. */
function panel(hours: number, factor: (hour: number) => number | null): MarketPanel {
  const closes = Array.from({ length: hours + 2 }, (_, bar) => (bar < 2 ? 100 : factor(bar - 2) === null ? null : 100 * factor(bar - 2)!));
  const volume = closes.map((close) => (close === null ? null : 1));
  const bars = { open: closes, high: closes, low: closes, close: closes, volume };
  return seal({
    kind: 'market-panel' as const,
    from: {},
    assets: model.assets,
    quote: 'USD',
    startsAt: new Date(Date.parse(state.asOf) - 2 * 3_600_000).toISOString(),
    stepSeconds: 3_600,
    length: closes.length,
    bars: Object.fromEntries(model.assets.map((asset) => [asset, bars])),
    quality: [],
    excluded: [],
    waivers: [],
    sources: [],
    simulated: true,
  });
}
const calm = panel(30, () => 1);
const crash = panel(30, (hour) => (hour < 3 ? 1 : 0.5));

/** The same recommendation with every value as it was. */
const idle: Recommendation = seal({
  ...(({ id: _, ...rest }) => rest)(recommendation),
  assets: recommendation.assets.map((one) => ({
    ...one,
    fields: Object.fromEntries(
      Object.entries(one.fields).map(([field, advice]) => [field, { ...advice, to: advice.from }]),
    ) as typeof one.fields,
  })),
});

describe('regret', () => {
  it('moves something here, or the rest proves nothing', () => {
    expect(advisedOf(state, recommendation)).not.toEqual(parametersOf(state));
    expect(Regret.reckon(kernel, past, crash).inForce.lossUsd).toBeGreaterThan(0);
  });

  it('of advice to change nothing is 0 exactly, whatever happened', () => {
    for (const after of [calm, crash]) {
      const entry = Regret.reckon(kernel, { ...past, recommendation: idle }, after);
      expect(entry.advised).toEqual(entry.inForce);
      expect(Object.values(entry.regret)).toEqual([0, 0, 0, 0]);
      expect(entry.hindsight).toBe('same');
    }
  });

  it('is what a replay of each side says, and the distance to the better one', () => {
    const entry = Regret.reckon(kernel, past, crash);
    for (const [side, parameters] of [
      [entry.advised, advisedOf(state, recommendation)],
      [entry.inForce, parametersOf(state)],
    ] as const) {
      const { result } = replay(kernel, state, crash, parameters, { model, borrowers: 'responsive', impact: 'added', steps: HORIZON });
      expect(side).toMatchObject({ badDebtUsd: result.badDebtUsd, penaltyUsd: result.penaltyUsd, liquidatedUsd: result.liquidatedUsd });
    }
    for (const name of ['lossUsd', 'liquidatedUsd', 'penaltyUsd'] as const)
      expect(entry.regret[name]).toBe(Math.max(0, entry.advised[name] - entry.inForce[name]));
    expect(entry.regret.borrowingPowerUsd).toBe(Math.max(0, entry.inForce.borrowingPowerUsd - entry.advised.borrowingPowerUsd));
    expect(Object.values(entry.regret).every((value) => value >= 0)).toBe(true);
  });

  it('averages power over the prices of the window', () => {
    const flat = Regret.reckon(kernel, past, calm).inForce.borrowingPowerUsd;
    expect(flat).toBe(borrowingPowerUsd(state, parametersOf(state)).power);
    const half = Regret.reckon(
      kernel,
      past,
      panel(HORIZON, (hour) => (hour < HORIZON / 2 ? 1 : 0.5)),
    ).inForce.borrowingPowerUsd;
    expect(half / flat).toBeCloseTo(0.75, 12);
  });

  it('reads the horizon of the forecast and no bar more, and says where the data ends before', () => {
    const fallsLater = panel(30, (hour) => (hour < HORIZON ? 1 : 0.2));
    expect(Regret.reckon(kernel, past, fallsLater)).toMatchObject({ complete: true, inForce: { lossUsd: 0 } });
    expect(
      Regret.reckon(
        kernel,
        past,
        panel(10, () => 1),
      ),
    ).toMatchObject({ complete: false });
    // A grid of 30 hours whose prices end after ten.
    const ends = Regret.reckon(
      kernel,
      past,
      panel(30, (hour) => (hour < 10 ? 1 : null)),
    );
    expect(ends).toMatchObject({ complete: false, endsAt: new Date(Date.parse(state.asOf) + 10 * 3_600_000).toISOString() });
    expect(() =>
      Regret.reckon(
        kernel,
        past,
        panel(0, () => 1),
      ),
    ).toThrow(/at or after/);
  });

  it('holds the forecast to the outcome', () => {
    const { forecast, inForce } = Regret.reckon(kernel, past, crash);
    const { expectedShortfallUsd, expectedShortfallStandardErrorUsd } = recommendation.before;
    expect(forecast.inForce.upperUsd).toBe(expectedShortfallUsd + 2 * expectedShortfallStandardErrorUsd);
    expect(forecast.inForce).toMatchObject({ outcomeUsd: inForce.lossUsd, inside: inForce.lossUsd <= forecast.inForce.upperUsd });
    expect(Regret.reckon(kernel, past, calm).forecast.inForce).toMatchObject({ inside: true, beyondValueAtRisk: false });
  });

  it('refuses another book than the advice was made for', () => {
    const other = risky({ insuranceFundUsd: 1 });
    expect(() => Regret.reckon(kernel, { ...past, state: other }, calm)).toThrow(Regret.ForeignPartsError);
  });
});

describe('hindsight', () => {
  const measures = fc.record({
    lossUsd: fc.integer({ min: 0, max: 3 }),
    liquidatedUsd: fc.constant(0),
    penaltyUsd: fc.integer({ min: 0, max: 2 }),
    borrowingPowerUsd: fc.integer({ min: 0, max: 2 }),
  });

  it('is a strict order: turned round, the other wins; alike, neither', () => {
    const turned = { advised: 'in-force', 'in-force': 'advised', same: 'same' } as const;
    fc.assert(
      fc.property(measures, measures, (a, b) => {
        expect(Regret.hindsight(b, a, 1)).toBe(turned[Regret.hindsight(a, b, 1)]);
        expect(Regret.hindsight(a, a, 1)).toBe('same');
      }),
    );
  });

  it('puts the budget before power, and power before a loss inside it', () => {
    const one = { lossUsd: 1, liquidatedUsd: 0, penaltyUsd: 0, borrowingPowerUsd: 2 };
    const other = { lossUsd: 0, liquidatedUsd: 0, penaltyUsd: 0, borrowingPowerUsd: 1 };
    expect(Regret.hindsight(one, other, 1)).toBe('advised');
    expect(Regret.hindsight(one, other, 0.5)).toBe('in-force');
  });
});

describe('a ledger', () => {
  const entries = [calm, crash].map((after) => Regret.reckon(kernel, past, after));
  const { text } = Ledger.append([], entries);

  it('takes an entry once, however often it comes', () => {
    const again = Ledger.append(Ledger.parse(text, 'ledger'), [...entries, ...entries]);
    expect(again).toMatchObject({ added: 0, known: 4, otherwise: 0, text: '' });
    const [first, second] = entries;
    const byParts = Ledger.append([], [first!]).text;
    expect(byParts + Ledger.append(Ledger.parse(byParts, 'ledger'), [first!, second!]).text).toBe(text);
  });

  it('keeps what stands where other code reckons otherwise', () => {
    const { id: _, ...body } = entries[0]!;
    const other = seal({ ...body, budgetUsd: body.budgetUsd + 1 });
    expect(Ledger.append(Ledger.parse(text, 'ledger'), [other])).toMatchObject({ added: 0, known: 1, otherwise: 1 });
  });

  it.each([
    ['an edited figure', (lines: string[]) => [lines[0]!.replace(/"lossUsd":0/, '"lossUsd":1'), lines[1]!]],
    ['a line taken out', (lines: string[]) => [lines[1]!]],
    ['two lines turned round', (lines: string[]) => [lines[1]!, lines[0]!]],
    ['a line twice', (lines: string[]) => [lines[0]!, lines[0]!]],
    ['a word that is no entry', (lines: string[]) => [...lines, 'null']],
    ['an unknown field', (lines: string[]) => [lines[0]!.replace('{', '{"a":1,'), lines[1]!]],
    [
      'one recommendation and panel twice, well chained',
      (lines: string[]) => {
        const { id: _, ...line } = JSON.parse(lines[1]!);
        return [...lines, canonicalJson(seal({ ...line, seq: 3, from: { previous: JSON.parse(lines[1]!).id } }))];
      },
    ],
    [
      'an edited entry at the end, under a new hash of the line',
      (lines: string[]) => {
        const { id: _, ...line } = JSON.parse(lines[1]!);
        return [lines[0]!, canonicalJson(seal({ ...line, regret: { ...line.regret, budgetUsd: 0 } }))];
      },
    ],
    [
      'an edited line under a new hash of its own',
      (lines: string[]) => {
        const { id: _, ...line } = JSON.parse(lines[0]!);
        const { id: __, ...regret } = line.regret;
        return [canonicalJson(seal({ ...line, regret: seal({ ...regret, budgetUsd: 0 }) })), lines[1]!];
      },
    ],
  ])('with %s is refused', (_what, change) => {
    const lines = change(text.split('\n').slice(0, -1));
    expect(() => Ledger.parse(`${lines.join('\n')}\n`, 'ledger')).toThrow(Ledger.TamperedError);
  });

  it('cut in the middle of a line is refused', () => {
    expect(() => Ledger.parse(text.slice(0, -20), 'ledger')).toThrow(/whole lines/);
    expect(Ledger.parse('', 'ledger')).toEqual([]);
  });

  it('feeds a track record: one entry a recommendation, the first that covers its horizon', () => {
    const short = Regret.reckon(
      kernel,
      past,
      panel(5, () => 1),
    );
    expect(Regret.trackRecord([short])).toMatchObject({ recommendations: 1, judged: 0, meanRegret: null });
    const record = Regret.trackRecord([short, entries[1]!]);
    expect(record).toMatchObject({ recommendations: 1, judged: 1, meanRegret: entries[1]!.regret });
    expect(record.advisedBetter + record.same + record.nothingBetter).toBe(1);
    expect(record.expectedBeyond).toBeCloseTo(0.01, 12);
    // Once the horizon is covered, other data changes nothing.
    expect(Regret.trackRecord([entries[1]!, entries[0]!])).toEqual(Regret.trackRecord([entries[1]!]));
    const both = Regret.trackRecord([entries[1]!, Regret.reckon(kernel, { ...past, recommendation: idle }, calm)]);
    expect(both).toMatchObject({ recommendations: 2, judged: 2, same: 1 });
    expect(both.meanRegret!.lossUsd).toBe(entries[1]!.regret.lossUsd / 2);
  });
});
