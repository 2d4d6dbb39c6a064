import { describe, expect, it } from 'vitest';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import { singleThread } from '../../tuner/stress/evaluate.ts';
import { enough } from '../../tuner/stress/precision.ts';
import { tiltOf } from '../../tuner/stress/towards.ts';
import * as Fixture from './fixture.ts';

const model = Fixture.model(3);
const state = Fixture.book(3, 40, 0, Fixture.draws(3));
const scenarios = plan(model, { seed: 7, paths: 8_192, steps: 24, tilt: tiltOf(state, model) });
const whole = singleThread(loadKernel(), { state, model, scenarios, risk: { level: 0.99, budgetUsd: 1e5 } });
const evaluate = (paths: number) => whole({ parameters: parametersOf(state), borrowers: 'responsive', paths });

describe('how many paths are enough', () => {
  it('doubles until the standard error is reached, and no further', async () => {
    const rounds: number[] = [];
    const errors = new Map<number, number>();
    for (const paths of [512, 1_024, 2_048, 4_096, 8_192])
      errors.set(paths, (await evaluate(paths)).summary.expectedShortfallStandardErrorUsd);
    const wanted = errors.get(2_048)! * 1.001;
    const first = [...errors].find(([, error]) => error <= wanted)![0];
    const answer = await enough(evaluate, { firstPaths: 512, mostPaths: 8_192, standardErrorUsd: wanted }, ({ paths }) =>
      rounds.push(paths),
    );
    expect(answer).toEqual({ paths: first, standardErrorUsd: errors.get(first), reached: true });
    expect(rounds).toEqual([...errors.keys()].filter((paths) => paths <= first));
  });

  it('says so where the most that is allowed does not do', async () => {
    const answer = await enough(evaluate, { firstPaths: 512, mostPaths: 3_000, standardErrorUsd: 0 });
    expect(answer).toMatchObject({ paths: 3_000, reached: false });
    expect(answer.standardErrorUsd).toBeGreaterThan(0);
  });

  it('asks for the first number only where that is enough, or all that is allowed', async () => {
    expect(await enough(evaluate, { firstPaths: 512, mostPaths: 8_192, standardErrorUsd: 1e12 })).toMatchObject({
      paths: 512,
      reached: true,
    });
    expect(await enough(evaluate, { firstPaths: 512, mostPaths: 256, standardErrorUsd: 0 })).toMatchObject({ paths: 256, reached: false });
  });
});
