import { describe, expect, test } from 'vitest';
import type { MarketModel } from '../../models/market.ts';
import { LookAheadError } from '../../tuner/refusal.ts';
import { MismatchError, type Tuned } from '../../tuner/search.ts';
import * as Book from '../stress/fixture.ts';
import { analytic, fieldOf, fields, NOW, policy, risky, tuned } from './fixture.ts';

const CONVERGED = Book.model(1).regime.fit;
const FAILED = { ...CONVERGED, converged: false };
const WEIGHTS = `sha256:${'1'.repeat(64)}` as const;
const model = (overrides: Partial<MarketModel> = {}) => Book.model(3, overrides);
const reasonsOf = ({ recommendation }: Tuned) =>
  new Set(recommendation.assets.flatMap(({ fields }) => Object.values(fields).map(({ reason }) => reason)));

describe('every refusal', () => {
  const state = risky();
  const loose = policy({ budgetFraction: 0.9, overBudgetProbability: 0.9 });
  const quick = (parts: Partial<Parameters<typeof tuned>[0]> = {}) => {
    const whole = { state, model: model(), policy: loose, ...parts };
    const scenarios = Book.scenarios(whole.model, 512, 1);
    return tuned({
      ...whole,
      scenarios,
      evaluate: analytic({ ...whole, scenarios }, { lineBps: {}, sizeUsd: 0, weight: () => 0 }),
      ...parts,
    });
  };
  const haircut = async (parts: Partial<Parameters<typeof tuned>[0]>, asset = 'A00') =>
    fieldOf(await quick(parts), asset, 'haircutBps').reason;
  const without = (asset: string, left: MarketModel['left'] = []) =>
    model({ assets: Book.names(3).filter((name) => name !== asset), left });

  test('stale-data, for everything', async () => {
    const now = new Date(Date.parse(NOW) + (loose.maxDataAgeSeconds + 1) * 1000).toISOString();
    const found = await quick({ now });
    expect([...reasonsOf(found)]).toEqual(['stale-data']);
    expect(found.recommendation.verdict).toBe('abstain');
    expect(found.recommendation.assets[0]!.because).toContain('No advice (stale-data)');
    const onTime = new Date(Date.parse(NOW) + loose.maxDataAgeSeconds * 1000).toISOString();
    expect(await haircut({ now: onTime })).toBeNull();
  });

  test('not-converged: everything for a joint law, one asset for its own', async () => {
    const base = model();
    expect([...reasonsOf(await quick({ model: model({ regime: { ...base.regime, fit: FAILED } }) }))]).toEqual(['not-converged']);
    expect([...reasonsOf(await quick({ model: model({ correlation: { ...base.correlation, fit: FAILED } }) }))]).toEqual(['not-converged']);
    const volatility = { ...base.volatility, A00: { ...base.volatility['A00']!, fit: FAILED } };
    expect(await haircut({ model: model({ volatility }) })).toBe('not-converged');
    expect(await haircut({ model: model({ volatility }) }, 'A01')).toBeNull();
    expect(await haircut({ model: without('A00', [{ asset: 'A00', says: 'Garch.FlatSeriesError: no variance' }]) })).toBe('not-converged');
  });

  test('too-little-history, poisoned-data, not-in-panel: why an asset has no law', async () => {
    expect(await haircut({ model: without('A00', [{ asset: 'A00', says: 'too-little-history: 20 days' }]) })).toBe('too-little-history');
    expect(await haircut({ model: without('A00', [{ asset: 'A00', says: 'level-break: two coins' }]) })).toBe('poisoned-data');
    const excluded = [{ asset: 'A00', kind: 'spike-reverted' as const, says: 'a print at 0.0001' }];
    expect(await haircut({ model: without('A00'), excluded })).toBe('poisoned-data');
    expect(await haircut({ model: without('A00'), excluded: [{ ...excluded[0]!, kind: 'too-little-history' as const }] })).toBe(
      'too-little-history',
    );
    expect(await haircut({ model: without('A00') })).toBe('not-in-panel');
    expect(await haircut({}, 'USD')).toBe('not-in-panel');
  });

  test('models-disagree, unless the challenger has earned no weight', async () => {
    const verdict = (asset: string, weight: number) => ({
      asset,
      weight,
      pinball: 1,
      benchmarkPinball: 1,
      observations: 1,
      pValue: null,
      says: '',
    });
    const forecaster = (ratio: number, weight: number) => ({
      backend: 'fixture',
      weights: WEIGHTS,
      quantileLevels: [0.01],
      horizonSteps: 24,
      verdicts: Book.names(3).map((asset) => verdict(asset, weight)),
      next: {},
      lawNext: {},
      tailRatio: { A00: ratio, A01: 1, A02: 1 },
    });
    const at = (ratio: number, weight = 0.5) => haircut({ model: model({ forecaster: forecaster(ratio, weight) }) });
    expect(await at(2.01)).toBe('models-disagree');
    expect(await at(0.49)).toBe('models-disagree');
    expect(await at(-1)).toBe('models-disagree');
    expect(await at(2)).toBeNull();
    expect(await at(2.01, 0)).toBeNull();
  });

  test('no-exposure: nobody borrows against it, nobody trades it', async () => {
    const lending = state.lending.filter(({ collateral }) => collateral[0]!.asset !== 'A00');
    expect(await haircut({ state: { ...state, lending } })).toBe('no-exposure');
    expect(fieldOf(await quick(), 'A01', 'marginMultiplierPpm').reason).toBe('no-exposure');
  });

  test('policy-contradiction and unreachable: what the other fields demand', async () => {
    const parameters = { ...Book.PARAMETERS, liquidationThresholdBps: 7600 };
    const tight = { ...state, assets: state.assets.map((row) => (row.asset === 'A00' ? { ...row, parameters } : row)) };
    const walled = (max: number, maxTighten: number) => policy({ ...loose, fields: fields({ max, maxTighten }) });
    // LTV 75 % + gap 2 % > 76 %: one point of haircut is demanded.
    expect(fieldOf(await quick({ state: tight }), 'A00', 'haircutBps')).toMatchObject({
      verdict: 'change',
      to: 2600,
      binding: 'joint-constraints',
    });
    expect(await haircut({ state: tight, policy: walled(2575, 300) })).toBe('policy-contradiction');
    expect(await haircut({ state: tight, policy: walled(8000, 75) })).toBe('unreachable');
  });

  test('unreachable: no haircut inside the walls keeps the budget', async () => {
    const scenarios = Book.scenarios(model(), 512, 1);
    const parts = { state, model: model(), policy: policy(), scenarios };
    const evaluate = analytic(parts, { lineBps: { A00: 0 }, sizeUsd: 1e9, weight: () => 1 });
    const found = await tuned({ ...parts, evaluate });
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'change', reason: 'unreachable', binding: 'max-tighten' });
    expect(fieldOf(found, 'A01', 'haircutBps')).toMatchObject({ verdict: 'abstain', reason: 'unreachable' });
  });

  test('inconclusive: a loosening that loses on the paths the search had not seen', async () => {
    const scenarios = Book.scenarios(model(), 512, 1);
    const parts = { state, model: model(), policy: policy(), scenarios };
    // Nothing is lost at an LTV of 75 %; above it, only in the second half.
    const law = { lineBps: { A00: 7500 }, sizeUsd: 1e7, weight: (path: number) => (path < 256 ? 0 : 1) };
    const found = await tuned({ ...parts, evaluate: analytic(parts, law) });
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'abstain', reason: 'inconclusive', to: 2500 });
    expect(found.after).toBe(found.before);
  });

  test('inconclusive: too few paths to prove the probability the policy asks for', async () => {
    const found = await quick({ policy: policy({ overBudgetProbability: 0.01 }) });
    expect([...reasonsOf(found)]).toEqual(['inconclusive']);
    expect(found.recommendation.assets[0]!.because).toContain('256 paths without a loss would not prove');
  });

  test('what is not a refusal: data from the future, parts of another model', async () => {
    await expect(quick({ now: '2023-12-31T23:59:59.000Z' })).rejects.toThrow(LookAheadError);
    await expect(quick({ scenarios: Book.scenarios(Book.model(2), 512, 1) })).rejects.toThrow(MismatchError);
  });
});
