import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromMessage, outcome, tableOfOutcomes, toMessage, toProblem } from '../../api/errors.ts';
import { BadSeedError } from '../../base/random.ts';

const FOLDERS = ['base', 'kernel', 'datasets', 'models', 'tuner', 'governance', 'api'];

function declaredNames(): Set<string> {
  const files = FOLDERS.flatMap((folder) => (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name)));
  const sources = files.filter((path) => path.endsWith('.ts')).map((path) => readFileSync(path, 'utf8'));
  return new Set(sources.flatMap((text) => [...text.matchAll(/readonly name = '([^']+)'/g)].map((match) => match[1]!)));
}

describe('errors as the outside sees them', () => {
  it('maps only names that exist', () => {
    const names = declaredNames();
    expect(Object.keys(tableOfOutcomes()).filter((name) => !names.has(name))).toEqual([]);
  });

  it('gives a named error its problem details', () => {
    const problem = toProblem(new BadSeedError({ got: '-1', needed: 'an integer from 0', where: 'seed', fix: 'Give another.' }), 'urn:x');
    expect(problem).toEqual({
      type: 'Random.BadSeedError',
      title: 'Bad seed',
      status: 400,
      detail: 'seed: Got -1; needed an integer from 0. Give another.',
      instance: 'urn:x',
      got: '-1',
      needed: 'an integer from 0',
      where: 'seed',
      fix: 'Give another.',
    });
  });

  it('tells nobody outside what an unexpected error says', () => {
    expect(JSON.stringify(toProblem(new Error('password is hunter2')))).not.toContain('hunter2');
    expect(outcome(new Error('x'))).toEqual({ status: 500, exitCode: 1 });
  });

  it('carries an error across a thread boundary whole', () => {
    const error = new BadSeedError({ got: '-1', needed: 'more', where: 'seed' });
    const carried = fromMessage(structuredClone(toMessage(error)));
    expect(toProblem(carried)).toEqual(toProblem(error));
    expect(fromMessage(structuredClone(toMessage(new RangeError('deep')))).message).toBe('deep');
  });
});
