/** How flows fade between steps of any length: tuner/stress/impact.ts. The prices they make are in loop.test.ts and laws.test.ts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Impact from '../../tuner/stress/impact.ts';

const kernel = loadKernel();
const depth = { dailyVolumeUsd: 1e8, impactY: 12, impactDelta: 0.9, halfLifeSeconds: 300, says: 'a pool' };
const at = (stepSeconds: number, halfLifeSeconds = depth.halfLifeSeconds) =>
  Impact.arrays(kernel, [{ depth: { ...depth, halfLifeSeconds }, dailyVolatility: 0.04 }], stepSeconds, Impact.LASTING);

describe('impact', () => {
  it('has half left of a flow after a half-life, and its scales from the state and from the law', () => {
    const { impactDecay, impactScale, lastingScale, lastingDecay, volumeUsd } = at(300);
    expect(impactDecay[0]).toBeCloseTo(0.5, 15);
    expect(impactScale[0]).toBeCloseTo(0.48, 15);
    expect(lastingScale[0]).toBeCloseTo(0.04, 15);
    expect(lastingDecay[0]).toBeCloseTo(2 ** (-300 / Impact.LASTING.halfLifeSeconds), 15);
    expect(volumeUsd[0]).toBe(1e8);
  });

  it('leaves the same outstanding of an even sale, whether an hour is one step or many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 1, max: 1e6, noNaN: true }), (steps, halfLife) => {
        const whole = at(3_600, halfLife);
        const part = at(3_600 / steps, halfLife);
        let outstanding = 0;
        for (let step = 0; step < steps; step += 1) outstanding = outstanding * part.impactDecay[0]! + part.impactSpread[0]! / steps;
        expect(outstanding).toBeCloseTo(whole.impactSpread[0]!, 9);
        expect(part.impactDecay[0]! ** steps).toBeCloseTo(whole.impactDecay[0]!, 9);
      }),
    );
  });

  it('stays a number at both ends: a pool refilled at once, a market that never recovers', () => {
    expect(at(3_600, 1e-6).impactSpread[0]).toBeGreaterThan(0);
    expect(at(3_600, 1e15).impactSpread[0]).toBeCloseTo(1, 9);
    expect(at(3_600, 3_600e6 / 0.9).impactSpread[0]).toBeCloseTo(1, 6);
  });

  it('is nothing for an asset without volatility', () => {
    const { impactScale, lastingScale } = Impact.arrays(kernel, [{ depth, dailyVolatility: 0 }], 60, Impact.LASTING);
    expect([impactScale[0], lastingScale[0]]).toEqual([0, 0]);
  });
});
