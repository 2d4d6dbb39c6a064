import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import { fitSwitching, rows } from '../../api/cli/switching.ts';
import { PURPOSE } from '../../base/random.ts';
import * as MsGarch from '../../models/msgarch.ts';

const TRUTH: MsGarch.Parameters = {
  mu: 0,
  transition: Float64Array.of(0.97, 0.03, 0.08, 0.92),
  omega: Float64Array.of(0.3, 3),
  alpha: Float64Array.of(0.05, 0.1),
  gamma: new Float64Array(2),
  beta: Float64Array.of(0.5, 0.4),
  nu: null,
};
const returns = Array.from(MsGarch.simulate(TRUTH, 1_500, { seed: 3, purpose: PURPOSE.sampleMarket, path: 0 }));
const flags = { distribution: 'normal', mean: 'zero', states: 2, lags: 1, seed: 1 } as const;

describe('plimsoll fit of models that switch', () => {
  it('answers by state, errors in the shape of the parameters, probabilities a row a bar', async () => {
    for (const model of ['msar', 'msgarch'] as const) {
      const answer = await fitSwitching(returns, { ...flags, model });
      expect(answer.converged).toBe(true);
      expect(Object.keys(answer.standardErrors)).toEqual(Object.keys(answer.parameters));
      expect(answer.filtered).toHaveLength(model === 'msar' ? returns.length - 1 : returns.length);
      const parameters = model === 'msar' ? 2 + 2 + 1 + 1 : 2 + 6;
      expect(answer.aic).toBeCloseTo(2 * parameters - 2 * answer.logLikelihood, 9);
      expect(answer.bic).toBeCloseTo(parameters * Math.log(answer.observations) - 2 * answer.logLikelihood, 9);
      // Nothing that JSON has no word for.
      expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
      expect(rows(answer).at(-1)![0]).toBe('transition 4');
    }
  });

  it('is reached from the command line, and refuses errors that the model does not have', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switching-'));
    const file = join(folder, 'returns.csv');
    writeFileSync(file, `r\n${returns.join('\n')}\n`);
    let out = '';
    const spies = (['stdout', 'stderr'] as const).map((stream) =>
      vi.spyOn(process[stream], 'write').mockImplementation((text) => {
        if (stream === 'stdout') out += text;
        return true;
      }),
    );
    try {
      const fit = ['fit', file, '--column', 'r', '--returns', '--json', '--model'];
      expect(await main([...fit, 'msgarch', '--states', '2'])).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ model: 'msgarch', distribution: 'normal', states: 2, converged: true });
      expect(await main([...fit, 'msar', '--distribution', 't'])).toBe(1);
    } finally {
      for (const spy of spies) spy.mockRestore();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
