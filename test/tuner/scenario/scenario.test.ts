/** The file: what it may say, and how everything else is refused. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlimsollError } from '../../../base/errors.ts';
import * as Scenario from '../../../tuner/scenario/scenario.ts';

const FOLDER = new URL('../../../tuner/scenarios/', import.meta.url);
const BUILT_IN = readdirSync(FOLDER);
const parse = (yaml: string) => Scenario.parse(yaml, 'ours.yaml');
const HEAD = 'name: n\nwhy: w\nprices: still\n';
const LISTED = /^Scenario\.(Yaml|Invalid|Sense)Error$/;

describe('a scenario file', () => {
  it.each(BUILT_IN)('%s is one, and is the same when written again', (file) => {
    const read = parse(readFileSync(new URL(file, FOLDER), 'utf8'));
    expect(parse(Scenario.write(read))).toEqual(read);
    expect(file).toMatch(/^[a-z0-9.-]+\.yaml$/);
  });

  it('there are at least twenty built in, each with another name', () => {
    const names = BUILT_IN.map((file) => parse(readFileSync(new URL(file, FOLDER), 'utf8')).name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(20);
  });

  it('is what the document shows', () => {
    const shown = [...readFileSync(new URL('../../docs/scenarios.md', FOLDER), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)];
    expect(shown.length).toBeGreaterThan(0);
    for (const [, yaml] of shown) expect(() => parse(yaml!)).not.toThrow();
  });

  it('stands for itself where it says nothing', () => {
    expect(parse(HEAD)).toEqual({ name: 'n', why: 'w', prices: 'still', moves: [], depth: [] });
  });
});

const bomb = `${HEAD}moves: &a [${Array.from({ length: 9 }, () => '{asset: A, to: 1}').join(', ')}]\n${Array.from({ length: 8 }, (_, level) => `x${level}: &x${level} [${new Array(9).fill(level === 0 ? '*a' : `*x${level - 1}`).join(', ')}]`).join('\n')}\n`;

const HOSTILE: readonly (readonly [string, string, RegExp])[] = [
  ['a bomb of aliases', bomb, /Scenario\.YamlError: .*(alias|Excessive)/i],
  ['no YAML', 'name: [', /Scenario\.YamlError: ours\.yaml, line \d/],
  ['two documents', `${HEAD}---\n${HEAD}`, /Scenario\.YamlError/],
  ['a key twice', `${HEAD}name: other\n`, /Scenario\.YamlError: ours\.yaml, line 4.*unique/],
  ['a tag of another language', `${HEAD}hours: !!js/function 'f'\n`, /Scenario\.YamlError: ours\.yaml, line 4/],
  ['a list', '- 1\n', /Scenario\.InvalidError: ours\.yaml/],
  ['nothing', '', /Scenario\.InvalidError: ours\.yaml/],
  ['a long text', `${HEAD}# ${'x'.repeat(100_000)}\n`, /Scenario\.YamlError: .*at most 100000/],
  [
    'an unknown key',
    `${HEAD}severity: 9\n`,
    /Scenario\.InvalidError: ours\.yaml, line 4, field severity: Got 9; needed only the keys of docs\/scenarios\.md/,
  ],
  ['an unknown key of a move', `${HEAD}moves:\n  - {group: all, to: 0.5, by: 3}\n`, /line 5, field moves\.0\.by/],
  ['a key that is no one’s own', `${HEAD}__proto__: {hours: 5}\n`, /Scenario\.InvalidError: ours\.yaml, line 4, field __proto__/],
  ['no number', `${HEAD}moves:\n  - {group: all, to: .nan}\n`, /line 5, field moves\.0\.to: Got NaN/],
  ['a number past all', `${HEAD}moves:\n  - {group: all, to: 1e400}\n`, /field moves\.0\.to: Got Infinity/],
  ['infinity', `${HEAD}hours: .inf\n`, /field hours: Got Infinity/],
  ['a price below nothing', `${HEAD}moves:\n  - {group: all, to: -0.1}\n`, /field moves\.0\.to: Got -0\.1/],
  ['a number in words', `${HEAD}moves:\n  - {group: all, to: "0.5"}\n`, /field moves\.0\.to: Got "0\.5"/],
  ['a percentage', `${HEAD}moves:\n  - {group: all, to: 50%}\n`, /field moves\.0\.to: Got "50%"/],
  ['no prices', 'name: n\nwhy: w\n', /field prices/],
  ['depth of nothing', `${HEAD}depth:\n  - {group: all, times: 0}\n`, /field depth\.0\.times/],
  ['nobody who moves', `${HEAD}moves:\n  - {to: 0.5}\n`, /Scenario\.SenseError: .*moves\.0: Got nobody/],
  ['two selections', `${HEAD}moves:\n  - {asset: A, group: all, to: 0.5}\n`, /asset and group/],
  ['an asset except another', `${HEAD}moves:\n  - {asset: A, except: [B], to: 0.5}\n`, /moves\.0\.except/],
  ['no move', `${HEAD}moves:\n  - {asset: A}\n`, /Got no move/],
  ['two moves in one', `${HEAD}moves:\n  - {asset: A, to: 0.5, sigmas: -3}\n`, /to and sigmas/],
  ['a halt over hours', `${HEAD}moves:\n  - {asset: A, halted: at-zero, overHours: 3}\n`, /overHours beside halted/],
  ['a jump until an hour', `${HEAD}moves:\n  - {asset: A, to: 0.5, untilHour: 3}\n`, /untilHour beside to/],
  ['a path from an hour', `${HEAD}moves:\n  - {asset: A, path: [[1, 2]], fromHour: 3}\n`, /fromHour beside path/],
  ['a halt that ends before it begins', `${HEAD}moves:\n  - {asset: A, halted: at-zero, fromHour: 3, untilHour: 3}\n`, /later than hour 3/],
  ['hours that do not rise', `${HEAD}moves:\n  - {asset: A, path: [[2, 1], [2, 0.5]]}\n`, /moves\.0\.path\.1: Got hour 2 after hour 2/],
  ['a move past the end', `${HEAD}hours: 5\nmoves:\n  - {asset: A, to: 1, overHours: 6}\n`, /at most 5, where the scenario ends/],
  ['a feed that does nothing', `${HEAD}oracles:\n  feeds:\n    - {group: all}\n`, /feeds\.0: Got neither/],
  ['capital of nobody', `${HEAD}liquidators: {inventoryTimes: 0.1}\n`, /inventoryTimes: Got who flash; needed who: desk/],
  ['a law where prices stand still', `${HEAD}law: {volatilityTimes: 2}\n`, /Got law where prices stand still/],
  ['a step of one’s own where the law has one', 'name: n\nwhy: w\nprices: law\nstepMinutes: 5\n', /field stepMinutes/],
  [
    'correlations of quite one',
    'name: n\nwhy: w\nprices: law\nlaw: {correlation: {towards: one, share: 1}}\n',
    /law\.correlation\.share: Got 1/,
  ],
];

describe('is refused, by name, line and field:', () => {
  it.each(HOSTILE)('%s', (_, yaml, says) => {
    let found: unknown;
    try {
      parse(yaml);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(PlimsollError);
    const { name, message } = found as PlimsollError;
    expect(name).toMatch(LISTED);
    expect(`${name}: ${message}`).toMatch(says);
    expect(message.length).toBeLessThan(700);
  });

  it('whatever a built-in file becomes by cutting and replacing', () => {
    const texts = BUILT_IN.map((file) => readFileSync(new URL(file, FOLDER), 'utf8'));
    const piece = fc.constantFrom(
      '&a',
      '*a',
      '- ',
      '{',
      '}',
      '[',
      ': ',
      '\n',
      '!!map ',
      '? ',
      '%YAML 1.1\n',
      '1e999',
      '.nan',
      '"',
      '\u0000',
      'to',
      'group: all',
      '<<: *a',
    );
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(40), piece, (text, place, length, put) => {
        const from = place % text.length;
        try {
          parse(text.slice(0, from) + put + text.slice(from + length));
        } catch (error) {
          expect(error).toBeInstanceOf(PlimsollError);
          expect((error as PlimsollError).name).toMatch(LISTED);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
