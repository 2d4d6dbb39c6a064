import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import { normalQuantile } from '../../models/math/special.ts';
import * as Network from '../../models/network.ts';
import { normal } from './simulated.ts';

const LEVELS = [0.05, 0.5, 0.95];
const shape: Network.Shape = { inputs: 2, hidden: [8, 6], levels: LEVELS };
const base = LEVELS.map((p) => 1.2 * normalQuantile(p));
const options = { seed: 3, epochs: 30, batch: 128, learningRate: 0.01, decay: 1e-4, base };

/** y has standard deviation e^{x_0/2}; x_1 is noise. */
const rows = 1_500;
const x = Float32Array.from({ length: 2 * rows }, (_, place) => normal(9, 2, Math.floor(place / 2), place % 2));
const y = Float32Array.from({ length: rows }, (_, row) => Math.exp(x[2 * row]! / 2) * normal(9, 3, row, 0));

describe('quantile network', () => {
  it('learns where the spread is wide', async () => {
    const network = await Network.train(shape, { x, y }, options);
    const [quiet, wild] = [Network.predict(network, [-1.5, 0]), Network.predict(network, [1.5, 0])];
    expect(wild[2]! - wild[0]!).toBeGreaterThan(2 * (quiet[2]! - quiet[0]!));
    // Truth: 1.645 · e^{±0.75} either side.
    expect(Math.abs(wild[2]! / (1.645 * Math.exp(0.75)) - 1)).toBeLessThan(0.3);
    expect(Math.abs(quiet[2]! / (1.645 * Math.exp(-0.75)) - 1)).toBeLessThan(0.4);
  });

  it('never crosses its quantiles, wherever it is asked', async () => {
    const network = await Network.train(shape, { x, y }, { ...options, epochs: 2 });
    for (let row = 0; row < 200; row += 1) {
      const at = [200 * (uniform(1, PURPOSE.forecaster, 99, row, 0) - 0.5), 200 * (uniform(1, PURPOSE.forecaster, 99, row, 1) - 0.5)];
      const q = Network.predict(network, at);
      expect(q[0]!).toBeLessThanOrEqual(q[1]!);
      expect(q[1]!).toBeLessThanOrEqual(q[2]!);
    }
  });

  it('is near the unconditional forecast before it has learnt', async () => {
    const network = await Network.train(shape, { x, y }, { ...options, epochs: 0 });
    Network.predict(network, [0, 0]).forEach((q, k) => {
      expect(Math.abs(q - base[k]!)).toBeLessThan(0.25);
    });
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const once = await Network.train(shape, { x, y }, { ...options, epochs: 2 });
    const again = await Network.train(shape, { x, y }, { ...options, epochs: 2 });
    const other = await Network.train(shape, { x, y }, { ...options, epochs: 2, seed: 4 });
    expect(again.weights).toEqual(once.weights);
    expect(other.weights).not.toEqual(once.weights);
  });
});
