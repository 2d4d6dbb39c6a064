import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../base/errors.ts';
import { isSealed } from '../../base/id.ts';
import * as Policy from '../../tuner/policy.ts';

const DEFAULT = readFileSync(new URL('../../tuner/policies/default.yaml', import.meta.url), 'utf8');
const parse = (text: string) => Policy.parsePolicy(text, 'policy.yaml');
const changed = (from: string | RegExp, to: string) => {
  const text = DEFAULT.replace(from, to);
  expect(text).not.toBe(DEFAULT);
  return text;
};
const errorOf = (text: string): PlimsollError => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PlimsollError) return error;
    throw error;
  }
  throw new Error('parsed');
};
const lineOf = (text: string, needle: string) => text.split('\n').findIndex((line) => line.includes(needle)) + 1;

describe('the default policy', () => {
  test('parses, is sealed and satisfies its own schema', () => {
    const policy = parse(DEFAULT);
    expect(isSealed(policy)).toBe(true);
    expect(Policy.Policy.parse(policy)).toEqual(policy);
    expect(policy.fields.haircutBps.step).toBe(25);
  });

  test('comments and layout do not change its id; a value does', () => {
    expect(parse(`# more\n${DEFAULT}`).id).toBe(parse(DEFAULT).id);
    expect(parse(changed('level: 0.99', 'level: 0.98')).id).not.toBe(parse(DEFAULT).id);
  });

  test('an override replaces one field of one asset', () => {
    const policy = parse(
      `${DEFAULT}\nassets:\n  CRV:\n    haircutBps: { min: 4000, max: 9000, step: 50, maxLoosen: 50, maxTighten: 500, cooldownSeconds: 0, budgets: [] }\n`,
    );
    expect(Policy.limitOf(policy, 'CRV', 'haircutBps').min).toBe(4000);
    expect(Policy.limitOf(policy, 'CRV', 'marginMultiplierPpm')).toBe(policy.fields.marginMultiplierPpm);
    expect(Policy.limitOf(policy, 'WETH', 'haircutBps')).toBe(policy.fields.haircutBps);
  });
});

describe('refusals name file, line, field, got and needed', () => {
  test('a minimum above its maximum', () => {
    const text = changed('max: 8000', 'max: 400');
    const error = errorOf(text);
    expect(error.name).toBe('Policy.EmptyRangeError');
    expect(error.message).toContain('min 500 above max 400');
    expect(error.facts.where).toBe(`policy.yaml, line ${lineOf(text, 'min: 500')}, field fields.haircutBps.min`);
  });

  test.each<[string, string | RegExp, string, string, string]>([
    ['a text where a number belongs', 'level: 0.99', 'level: high', 'Policy.InvalidPolicyError', 'field level'],
    ['an unknown key', 'level: 0.99', 'levle: 0.99', 'Policy.InvalidPolicyError', 'line'],
    ['a missing key', /^paths:.*$/m, '', 'Policy.InvalidPolicyError', 'field paths'],
    ['a fraction of a basis point', 'minGapBps: 200', 'minGapBps: 200.5', 'Policy.InvalidPolicyError', 'field minGapBps'],
    ['a threshold above 100 %', 'max: 9500', 'max: 10001', 'Policy.InvalidPolicyError', 'field fields.liquidationThresholdBps.max'],
    ['broken YAML', 'level: 0.99', 'level: [0.99', 'Policy.YamlError', 'line'],
    ['a key given twice', 'level: 0.99', 'level: 0.99\nlevel: 0.98', 'Policy.YamlError', 'line'],
    ['a gap outside the ranges', 'minGapBps: 200', 'minGapBps: 7501', 'Policy.ContradictionError', 'field minGapBps'],
    ['a buffer outside the ranges', 'bonusBufferBps: 200', 'bonusBufferBps: 8001', 'Policy.ContradictionError', 'field bonusBufferBps'],
    ['too few paths to prove it', 'paths: 4096', 'paths: 597', 'Policy.ContradictionError', 'field paths'],
    ['a direction smaller than a step', 'maxLoosen: 100 ', 'maxLoosen: 24 ', 'Policy.ContradictionError', ''],
  ])('%s', (_, from, to, name, where) => {
    const text = name === 'Policy.ContradictionError' && where === '' ? changed(/maxLoosen: 100\n/, 'maxLoosen: 24\n') : changed(from, to);
    const error = errorOf(text);
    expect(error.name).toBe(name);
    expect(error.facts.where).toContain(where);
    expect(error.facts.where).toMatch(/^policy\.yaml, line \d+/);
  });

  test('598 paths are just enough for 1 %: half of them search, and 0.99^299 < 0.05', () => {
    expect(parse(changed('paths: 4096', 'paths: 598')).paths).toBe(598);
  });

  test('a predictive margin must rise at least as fast as it falls', () => {
    const on = `${DEFAULT}\npredictiveMargin: { level: 0.99, periodSeconds: 14400, procyclicality: buffer }\n`;
    expect(parse(on).predictiveMargin?.procyclicality).toBe('buffer');
    const limit = 'min: 500000, max: 3000000, step: 1, maxLoosen: 3, maxTighten: 2, cooldownSeconds: 0, budgets: []';
    const error = errorOf(`${on}assets:\n  CRV: { marginMultiplierPpm: { ${limit} } }\n`);
    expect(error.name).toBe('Policy.ContradictionError');
    expect(error.facts.where).toContain('assets.CRV.marginMultiplierPpm.maxLoosen');
    expect(parse(`${DEFAULT}assets:\n  CRV: { marginMultiplierPpm: { ${limit} } }\n`).predictiveMargin).toBeUndefined();
    expect(errorOf(on.replace(/buffer }\n$/, 'none }\n')).name).toBe('Policy.InvalidPolicyError');
  });

  test('an edge of the gap still has a solution', () => {
    expect(parse(changed('minGapBps: 200', 'minGapBps: 7500')).minGapBps).toBe(7500);
  });

  test('an override can contradict too', () => {
    const text = `${DEFAULT}\nassets:\n  CRV:\n    haircutBps: { min: 1, max: 300, step: 1, maxLoosen: 5, maxTighten: 5, cooldownSeconds: 0, budgets: [] }\n`;
    expect(errorOf(text).name).toBe('Policy.ContradictionError');
    expect(errorOf(text).facts.where).toContain('assets.CRV');
  });

  test('hostile text yields only listed errors', () => {
    expect(errorOf('').name).toBe('Policy.InvalidPolicyError');
    expect(errorOf('a: &a [*a]').name).toMatch(/^Policy\./);
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.nat(DEFAULT.length), (noise, at) => {
        try {
          parse(DEFAULT.slice(0, at) + noise + DEFAULT.slice(at));
        } catch (error) {
          expect(error).toBeInstanceOf(PlimsollError);
        }
      }),
      { numRuns: 100 },
    );
  });
});
