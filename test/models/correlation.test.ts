import { describe, expect, it } from 'vitest';
import * as Correlation from '../../models/correlation.ts';
import { normal } from './simulated.ts';

const LENGTH = 6_000;

/** Three columns whose correlation is .3 in the first state and .8 in the last; states of 500 bars in turn, known for certain. */
function sample() {
  const probability = new Float64Array(LENGTH * 3);
  const columns = [new Float64Array(LENGTH), new Float64Array(LENGTH), new Float64Array(LENGTH)];
  for (let t = 0; t < LENGTH; t += 1) {
    const state = Math.floor(t / 500) % 3;
    probability[3 * t + state] = 1;
    const rho = [0.3, 0.5, 0.8][state]!;
    for (let i = 0; i < 3; i += 1) columns[i]![t] = Math.sqrt(rho) * normal(51, 0, t, 0) + Math.sqrt(1 - rho) * normal(51, 1, t, i);
  }
  return { columns, probability };
}

describe('correlation', () => {
  const { columns, probability } = sample();
  const law = Correlation.fit(columns, probability, [1, 0, 0]);

  it('rises from the calm to the crisis regime by what the past has shown', () => {
    expect(law.byRegime[2]![0]![1]!).toBeGreaterThan(law.byRegime[1]![0]![1]!);
    expect(law.byRegime[1]![0]![1]!).toBeGreaterThan(law.byRegime[0]![0]![1]!);
    // C(λ) between .3 and .8: λ = .5 / .7.
    expect(Math.abs(law.crisisLambda - 0.5 / 0.7)).toBeLessThan(0.08);
  });

  it('is today’s dynamic correlation in the regime that holds today', () => {
    law.byRegime[0]!.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(Math.abs(value - law.now[i]![j]!)).toBeLessThan(1e-9);
      });
    });
  });

  it('weighs one absurd bar no more than its rank', () => {
    const absurd = columns.map((column) => column.slice());
    absurd[0]![100] = -1e6;
    const other = Correlation.fit(absurd, probability, [1, 0, 0]);
    expect(Math.abs(other.target[0]![1]! - law.target[0]![1]!)).toBeLessThan(0.01);
  });

  it('gives λ 0 where the crisis is no closer, 1 where all is one', () => {
    const some = Float64Array.of(1, 0.4, 0.4, 1);
    expect(Correlation.lambda(some, some, 2)).toBe(0);
    expect(Correlation.lambda(some, Float64Array.of(1, 0.2, 0.2, 1), 2)).toBe(0);
    expect(Correlation.lambda(some, Float64Array.of(1, 1, 1, 1), 2)).toBe(1);
  });
});
