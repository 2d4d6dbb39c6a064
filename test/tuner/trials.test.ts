import { expect, test } from 'vitest';
import { parametersOf } from '../../datasets/state.ts';
import * as Trials from '../../tuner/trials.ts';
import * as Book from '../stress/fixture.ts';
import { analytic, policy, risky } from './fixture.ts';

test('half of the paths search, in whole blocks from four on; the rest stays fresh', () => {
  expect([1, 2, 3, 100, 512, 2047, 2048, 2560, 3000, 4000].map(Trials.halfOf)).toEqual([1, 1, 1, 50, 256, 1023, 1024, 1280, 1280, 1792]);
});

test('the same question is asked once, whoever asks and when; others are counted and told', async () => {
  const model = Book.model(3);
  const scenarios = Book.scenarios(model, 512, 1);
  const state = risky();
  const told: [string, number][] = [];
  const evaluate = analytic({ state, model, scenarios, policy: policy() }, { lineBps: {}, sizeUsd: 0, weight: () => 0 });
  const trials = Trials.open(evaluate, scenarios.paths, (step, share) => told.push([step, share]));
  const parameters = parametersOf(state);
  const [one, two] = await Promise.all([trials.at(parameters, 256, 'a'), trials.at({ ...parameters }, 256, 'b')]);
  expect(one).toBe(two);
  await trials.at(parameters, 512, 'c');
  expect(trials.count()).toBe(2);
  expect(told.map(([step]) => step)).toEqual(['a', 'c']);
  expect(told[1]![1]).toBeGreaterThan(told[0]![1]);
  expect(told[1]![1]).toBeLessThan(1);
});
