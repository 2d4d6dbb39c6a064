import { expect, it } from 'vitest';
import type { ProtocolState } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { casesOf } from '../../tuner/attack/attack.ts';
import { limitsOf } from '../../tuner/attack/limit.ts';
import { pump } from '../../tuner/attack/pump.ts';
import { limitOf } from '../../tuner/policy.ts';
import * as Book from '../stress/fixture.ts';
import { fields, policy, risky, tuned } from './fixture.ts';

const SLOW = 60_000;
const kernel = loadKernel();
const model = Book.model(3);
const ASKED = { oracle: 'spot', windowSeconds: 600, margin: 0.2 } as const;
/** Markets so much deeper than the fixture's. */
const deeper = (times: number): ProtocolState => {
  const state = risky();
  const assets = state.assets.map((row) => ({ ...row, depth: { ...row.depth, dailyVolumeUsd: row.depth.dailyVolumeUsd * times } }));
  return { ...state, assets };
};
const limits = (
  state: ProtocolState,
  asked: typeof ASKED | { oracle: 'twap'; windowSeconds: number; margin: number } | undefined = ASKED,
) => limitsOf(kernel, state, model, policy(asked === undefined ? {} : { attack: asked }));
/** Depths of which some make every LTV safe, some none, some a part. */
const TIMES = [1e-4, 1e-2, 0.1, 1, 10, 100];

it('asks nothing unless the policy does', () => {
  expect(limitsOf(kernel, risky(), model, policy())).toBeNull();
});

it('is the least haircut on the grid at which every push loses its share of the outlay', { timeout: SLOW }, () => {
  const { step, max } = limitOf(policy(), 'A', 'haircutBps');
  let edges = 0;
  for (const times of TIMES) {
    const state = deeper(times);
    for (const one of casesOf(state, model, { form: 'spot', windowSeconds: ASKED.windowSeconds })) {
      if (one.pump === undefined) continue;
      const margin = (bps: number) => pump(kernel, { market: one.market, ...one.pump!, ltv: (10_000 - bps) / 10_000 }).margin;
      const { leastHaircutBps } = limits(state)!.get(one.name)!;
      if (leastHaircutBps === null) {
        expect(margin(Math.floor(max / step) * step)).toBeLessThan(ASKED.margin);
        continue;
      }
      expect(margin(leastHaircutBps)).toBeGreaterThanOrEqual(ASKED.margin);
      if (leastHaircutBps === 0) continue;
      edges += 1;
      expect(margin(leastHaircutBps - step)).toBeLessThan(ASKED.margin);
    }
  }
  expect(edges).toBeGreaterThan(3);
});

it('asks more of a thinner market, of a larger margin, and of an oracle that is moved more cheaply', { timeout: SLOW }, () => {
  const of = (state: ProtocolState, asked?: Parameters<typeof limits>[1]) =>
    [...limits(state, asked)!.values()].map((one) => one.leastHaircutBps ?? 10_000);
  for (const [i, times] of TIMES.slice(1).entries()) {
    const [thin, deep] = [of(deeper(TIMES[i]!)), of(deeper(times))];
    for (const [at, bps] of deep.entries()) expect(bps).toBeLessThanOrEqual(thin[at]!);
    const strict = of(deeper(times), { ...ASKED, margin: 0.8 } as never);
    for (const [at, bps] of deep.entries()) expect(strict[at]!).toBeGreaterThanOrEqual(bps);
    const quick = of(deeper(times), { ...ASKED, windowSeconds: 0 } as never);
    for (const [at, bps] of deep.entries()) expect(quick[at]!).toBeGreaterThanOrEqual(bps);
  }
});

it('tightens towards it inside the field’s limits, and lets nothing be loosened past it', { timeout: SLOW }, async () => {
  const loose = { fields: fields({ min: 500, max: 8000, maxTighten: 300, maxLoosen: 300 }) };
  const seen = { tightened: 0, free: 0, hopeless: 0 };
  for (const times of TIMES) {
    const state = deeper(times);
    const asked = policy({ ...loose, attack: ASKED });
    const found = limitsOf(kernel, state, model, asked)!;
    const without = await tuned({ state, model, policy: policy(loose) });
    const { recommendation } = await tuned({ state, model, policy: asked, attacks: found });
    for (const [at, { asset, fields: own }] of recommendation.assets.entries()) {
      const limit = found.get(asset);
      const { from, to, binding } = own.haircutBps;
      const alone = without.recommendation.assets[at]!.fields.haircutBps;
      if (limit === undefined) continue;
      if (limit.leastHaircutBps === null) {
        // Tightened only where the budget asks for it too, and never for the attack.
        expect(to).toBeGreaterThanOrEqual(from);
        expect(to <= alone.to || alone.to < from).toBe(true);
        if (own.haircutBps.verdict === 'change') expect(binding).not.toMatch(/^attack/);
        seen.hopeless += 1;
        continue;
      }
      if (from < limit.leastHaircutBps) {
        if (own.haircutBps.verdict === 'abstain') continue;
        expect(to).toBeGreaterThan(from);
        if (to - from < 300) expect(to).toBeGreaterThanOrEqual(limit.leastHaircutBps);
        if (alone.to < to) expect(binding).toMatch(/^attack: pushing the price/);
        seen.tightened += 1;
      } else {
        expect(to).toBeGreaterThanOrEqual(Math.min(from, limit.leastHaircutBps));
        if (to === alone.to) seen.free += 1;
      }
    }
  }
  expect(seen.tightened).toBeGreaterThan(0);
  expect(seen.free).toBeGreaterThan(0);
  expect(seen.hopeless).toBeGreaterThan(0);
});

it('stops a loosening that the budget would allow where an attack begins to pay', { timeout: SLOW }, async () => {
  const roomy = { fields: fields({ min: 100, max: 9_500, maxTighten: 300, maxLoosen: 300 }), budgetFraction: 0.5 };
  const asked = policy({ ...roomy, attack: ASKED });
  let bounded = 0;
  for (const times of TIMES) {
    const deep = deeper(times);
    // A step of 100 away from where an attack begins to pay.
    const nearly = limitsOf(kernel, deep, model, asked)!;
    const assets = deep.assets.map((row) => {
      const least = nearly.get(row.asset)?.leastHaircutBps ?? row.parameters.haircutBps;
      return { ...row, parameters: { ...row.parameters, haircutBps: Math.max(row.parameters.haircutBps, Math.min(9_400, least + 100)) } };
    });
    const state = { ...deep, assets };
    const alone = await tuned({ state, model, policy: policy(roomy) });
    const found = limitsOf(kernel, state, model, asked)!;
    const { recommendation } = await tuned({ state, model, policy: asked, attacks: found });
    for (const [at, { asset, fields: own }] of recommendation.assets.entries()) {
      const least = found.get(asset)?.leastHaircutBps ?? 0;
      if (!(own.haircutBps.from >= least && alone.recommendation.assets[at]!.fields.haircutBps.to < least)) continue;
      bounded += 1;
      expect(own.haircutBps.to).toBeGreaterThanOrEqual(least);
      expect(own.haircutBps.binding).toMatch(/^attack: /);
    }
  }
  expect(bounded).toBeGreaterThan(0);
});
