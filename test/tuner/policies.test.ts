/** The worked examples: each parses, and tunes the built-in sample inside its own limits. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { seal } from '../../base/id.ts';
import { align } from '../../datasets/align.ts';
import { sampleBook } from '../../datasets/sample/book.ts';
import { sampleMarket } from '../../datasets/sample/market.ts';
import { type ProtocolState, parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Fit from '../../models/fit.ts';
import type { MarketModel } from '../../models/market.ts';
import { plan } from '../../models/scenario.ts';
import * as Limits from '../../tuner/limits.ts';
import { lossBudgetUsd } from '../../tuner/objective.ts';
import { Field, limitOf, parsePolicy } from '../../tuner/policy.ts';
import { tune } from '../../tuner/search.ts';
import { singleThread } from '../../tuner/stress/evaluate.ts';

const FOLDER = new URL('../../tuner/policies/', import.meta.url);
const SEED = 3;
/** Half a year (an asset needs 180 days) and few paths: what is tested is the policy, not the law. */
const BARS = 24 * 190;

let state: ProtocolState;
let model: MarketModel;

beforeAll(async () => {
  const { series, quote, sources } = sampleMarket(SEED);
  const recent = series.map((one) => ({
    ...one,
    timesMs: one.timesMs.slice(-BARS),
    open: one.open.slice(-BARS),
    high: one.high.slice(-BARS),
    low: one.low.slice(-BARS),
    close: one.close.slice(-BARS),
    volume: one.volume.slice(-BARS),
  }));
  const panel = align(recent, { quote, sources, simulated: true });
  state = sampleBook(panel, SEED);
  model = await Fit.fit(panel, { seed: SEED, forecaster: false });
}, 120_000);

describe.each(readdirSync(FOLDER).filter((file) => file !== 'default.yaml'))('%s', (file) => {
  test('tunes the sample inside its own limits', { timeout: 60_000 }, async () => {
    const { id: _, ...body } = parsePolicy(readFileSync(new URL(file, FOLDER), 'utf8'), file);
    const policy = seal({ ...body, paths: 512, overBudgetProbability: 0.05 });
    expect(`${policy.name}.yaml`).toBe(file);
    const scenarios = plan(model, { seed: SEED, paths: 512, steps: 24 });
    const risk = { level: policy.level, budgetUsd: lossBudgetUsd(policy, state) };
    const evaluate = singleThread(loadKernel(), { state, model, scenarios, risk });
    const { recommendation } = await tune({ state, model, scenarios, policy, now: state.asOf, history: [], evaluate });
    const start = parametersOf(state);
    let judged = 0;
    for (const { asset, fields } of recommendation.assets) {
      for (const field of Field.options) {
        const { verdict, to, reason } = fields[field];
        const move = { asset, field, from: start[asset]![field], to, now: state.asOf, history: [] };
        expect(Limits.check(limitOf(policy, asset, field), move)).toEqual({ ok: true });
        if (verdict !== 'abstain') judged += 1;
        else expect(reason).not.toBeNull();
      }
      if (file !== 'long-tail.yaml') expect(fields.liquidationThresholdBps.verdict).not.toBe('change');
    }
    expect(judged).toBeGreaterThan(5);
  });
});
