import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { LawInput, TiltInput } from '../../kernel/law.ts';

const kernel = loadKernel();
const SEED = 20_261_126;
const STEPS = 12;
const NU = 6;
const ROOT = [1, 0, 0.6, 0.8];
const DIRECTION = Float64Array.of(-0.8, -0.6);
const TILT: TiltInput = {
  direction: DIRECTION,
  single: Float64Array.of(0.25, 0.75),
  share: { drift: 0.3, shock: 0.1, single: 0.1 },
  shift: { drift: 2.5, shock: 3, single: 3.5 },
  scale: { shock: 0.25, single: 0.4 },
};

/** Two assets, one regime, unit variance a step in percent, no margin tables: r = x, the copula's own draw. */
function law(tilt: TiltInput | undefined, copulaNu = NU): LawInput {
  const plain = {
    assets: 2,
    regimes: 1,
    initial: Float64Array.of(1),
    transition: Float64Array.of(1),
    multiplier: Float64Array.of(1),
    cholesky: Float64Array.from(ROOT),
    gjr: Float64Array.of(0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1),
    marginStart: new Int32Array(3),
    marginX: new Float64Array(0),
    marginZ: new Float64Array(0),
    copulaNu,
  };
  return tilt === undefined ? plain : { ...plain, tilt };
}

/** The mixture as the paper has it: one path, its log returns and its weight. */
function naive(path: number, nu: number): { levels: number[][]; weight: number } {
  const { share, shift, scale, single } = TILT;
  const u = uniform(SEED, PURPOSE.tilt, path, 0, 0);
  const [first, second] = [share.drift, share.drift + share.shock];
  const kind = u < first ? 'drift' : u < second ? 'shock' : u < second + share.single ? 'single' : 'plain';
  const struck = uniform(SEED, PURPOSE.tilt, path, 0, 2) < single[0]! ? 0 : 1;
  const shocked = Math.floor(STEPS * uniform(SEED, PURPOSE.tilt, path, 0, 1));
  const heavy = Number.isFinite(nu);
  const levels: number[][] = [];
  const level = [0, 0];
  let drifted = 0;
  let [shocks, singles] = [0, 0];
  for (let step = 0; step < STEPS; step += 1) {
    const hit = step === shocked ? kind : kind === 'drift' ? kind : 'plain';
    const thinner = hit === 'shock' || hit === 'single' ? scale[hit] : 1;
    const w = (heavy ? kernel.chiSquare(SEED, path, step, nu) : 1) * thinner;
    const move = (lane: number) => {
      if (hit === 'drift') return (shift.drift / Math.sqrt(STEPS)) * DIRECTION[lane]!;
      if (hit === 'shock') return shift.shock * DIRECTION[lane]!;
      return hit === 'single' ? -shift.single * ROOT[2 * struck + lane]! : 0;
    };
    const n = [0, 1].map((lane) => kernel.normalOf(uniform(SEED, PURPOSE.assetShock, path, step, lane)) + move(lane));
    const along = n[0]! * DIRECTION[0]! + n[1]! * DIRECTION[1]!;
    const x = [0, 1].map((row) => ROOT[2 * row]! * n[0]! + ROOT[2 * row + 1]! * n[1]!);
    drifted += (shift.drift / Math.sqrt(STEPS)) * along - (shift.drift * shift.drift) / (2 * STEPS);
    const fatter = (c: number) => (heavy ? c ** (-nu / 2) * Math.exp(-0.5 * w * (1 / c - 1)) : 1);
    shocks += Math.exp(shift.shock * along - 0.5 * shift.shock ** 2) * fatter(scale.shock);
    x.forEach((own, asset) => {
      singles += single[asset]! * Math.exp(-shift.single * own - 0.5 * shift.single ** 2) * fatter(scale.single);
      level[asset]! += (heavy ? Math.sqrt(nu / w) : 1) * own;
    });
    levels.push([...level]);
  }
  const plain = 1 - share.drift - share.shock - share.single;
  return { levels, weight: 1 / (plain + share.drift * Math.exp(drifted) + (share.shock * shocks + share.single * singles) / STEPS) };
}

describe('tilted paths', () => {
  it.each([NU, Number.POSITIVE_INFINITY])('and their weights equal the plain reading, ν = %d', (nu) => {
    const { factors, weights } = kernel.simulate(law(TILT, nu), SEED, STEPS, 50, 64);
    for (let index = 0; index < 64; index += 1) {
      const { levels, weight } = naive(50 + index, nu);
      expect(Math.abs(weights[index]! / weight - 1)).toBeLessThan(1e-11);
      levels.forEach((row, step) => {
        row.forEach((percent, asset) => {
          expect(Math.abs(factors[(index * STEPS + step) * 2 + asset]! / Math.exp(percent / 100) - 1)).toBeLessThan(1e-13);
        });
      });
    }
  });

  it('weigh at most what the plain share allows, 1 on average', () => {
    const count = 40_000;
    const { weights } = kernel.simulate(law(TILT), SEED, STEPS, 0, count);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
    const spread = Math.sqrt(weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / count / count);
    expect(Math.max(...weights)).toBeLessThanOrEqual(2);
    expect(Math.abs(mean - 1)).toBeLessThan(4 * spread);
    expect(spread).toBeLessThan(0.005);
  });

  it('without a tilt are the same bits with weight 1', () => {
    const none = { ...TILT, share: { drift: 0, shock: 0, single: 0 } };
    const [plain, untilted] = [law(undefined), law(none)].map((input) => kernel.simulate(input, SEED, STEPS, 3, 20));
    expect(plain!.weights).toEqual(new Float64Array(20).fill(1));
    expect(untilted!.factors).toEqual(plain!.factors);
    expect(untilted!.weights).toEqual(plain!.weights);
  });

  // A portfolio's fall over all steps is normal with variance STEPS·|Lᵀv|² under a Gaussian copula: 4.5 of its standard deviations, P = 3.398e-6.
  it('find a probability of three in a million from 20,000 paths', () => {
    const count = 20_000;
    const towards = { ...TILT, share: { drift: 0.5, shock: 0, single: 0 }, shift: { ...TILT.shift, drift: 4 } };
    const { factors, weights } = kernel.simulate(law(towards, Number.POSITIVE_INFINITY), SEED, STEPS, 0, count);
    // v with Lᵀv parallel to the direction: v₂ = d₂/0.8, v₁ = d₁ − 0.6 v₂.
    const v = [0.8 - 0.6 * 0.75, 0.75];
    let [sum, squares] = [0, 0];
    for (let path = 0; path < count; path += 1) {
      const last = (path * STEPS + STEPS - 1) * 2;
      const fall = 100 * (v[0]! * Math.log(factors[last]!) + v[1]! * Math.log(factors[last + 1]!));
      if (fall > -4.5 * Math.sqrt(STEPS)) continue;
      sum += weights[path]!;
      squares += weights[path]! ** 2;
    }
    const [estimate, error] = [sum / count, Math.sqrt(squares) / count];
    expect(Math.abs(estimate - 3.397673e-6)).toBeLessThan(4 * error);
    expect(error / estimate).toBeLessThan(0.03);
  });

  // One step of a t(6) copula draw: P(t(6) < −9.082345) = 5e-5 (scipy.stats.t.ppf(5e-5, 6)).
  it.each(['shock', 'single'] as const)('find the far tail of one %s', (kind) => {
    const count = 40_000;
    const share = { drift: 0, shock: 0, single: 0, [kind]: 0.5 };
    const scale = { shock: 0.25, single: 0.25 };
    const towards = {
      ...TILT,
      direction: Float64Array.of(-1, 0),
      single: Float64Array.of(1, 0),
      share,
      scale,
      shift: { ...TILT.shift, single: 3 },
    };
    const { factors, weights } = kernel.simulate(law(towards), SEED, 1, 0, count);
    let [sum, squares] = [0, 0];
    for (let path = 0; path < count; path += 1) {
      if (100 * Math.log(factors[2 * path]!) > -9.082345) continue;
      sum += weights[path]!;
      squares += weights[path]! ** 2;
    }
    const [estimate, error] = [sum / count, Math.sqrt(squares) / count];
    expect(Math.abs(estimate - 5e-5)).toBeLessThan(4 * error);
    expect(error / estimate).toBeLessThan(0.06);
  });
});
