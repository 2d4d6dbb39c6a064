/** `plimsoll stress --scenario` as people meet it, on a small bundle. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Spread } from '../../tuner/scenario/joint.ts';
import * as Fixture from '../stress/fixture.ts';
import { policy } from '../tuner/fixture.ts';
import { plimsoll } from './command.ts';
import { temporaryFolder } from './stores.ts';

let scratch: string;
let bundle: string;
const model = Fixture.model(3);
const PANEL = { panel: `sha256:${'1'.repeat(64)}` } as const;
const made = Fixture.book(3, 20, 5, Fixture.draws(9));
const state = Fixture.state(made.assets, made.lending, made.derivatives, { from: PANEL });
const other = Fixture.state(made.assets, Fixture.book(3, 10, 0, Fixture.draws(2)).lending, [], { from: PANEL, protocol: 'other' });

beforeAll(() => {
  scratch = temporaryFolder();
  bundle = join(scratch, 'bundle');
  mkdirSync(bundle);
  const parts = { state, model, scenarios: Fixture.scenarios(model, 512, 24), policy: policy() };
  for (const [name, value] of Object.entries(parts)) writeFileSync(join(bundle, `${name}.json`), JSON.stringify(value));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const cli = (...args: readonly string[]) => plimsoll(['stress', bundle, ...args]);

function file(name: string, yaml: string): string {
  const path = join(scratch, name);
  writeFileSync(path, yaml);
  return path;
}

describe('plimsoll stress --scenario', () => {
  const ours = () =>
    file(
      'ours.yaml',
      'name: ours\nwhy: because\nprices: still\nmoves:\n  - {group: volatile, to: 0.5, overHours: 12}\n  - {asset: DOGE, to: 0, ifListed: true}\noracles: {frozenHours: 12}\n',
    );

  it('says what a file of one’s own does, what was left out and who loses', async () => {
    const { code, stdout } = await cli('--scenario', ours());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ours\nbecause\n24 h in steps of 3600 s; one path/);
    expect(stdout).toMatch(/bad debt +\$/);
    expect(stdout).toMatch(/Left out, for the book has none of it: moves\.1/);
    expect(stdout).toMatch(/who loses/);
  });

  it('gives the same to machines, with standard errors where the law goes on', async () => {
    const law = file('law.yaml', 'name: wild\nwhy: because\nprices: law\nlaw: {volatilityTimes: 2}\n');
    const { code, stdout } = await cli('--scenario', ours(), law, '--paths', '256', '--json');
    expect(code).toBe(0);
    const { outcomes, from, refused } = JSON.parse(stdout);
    expect(from.state).toBe(state.id);
    expect(refused).toEqual([]);
    expect(outcomes.map(({ name }: { name: string }) => name)).toEqual(['ours', 'wild']);
    expect(outcomes[0].liquidatedUsd.standardError).toBe(0);
    expect(outcomes[1].liquidatedUsd.standardError).toBeGreaterThan(0);
    expect(outcomes[1].summary.paths).toBe(256);
  });

  it('asks under other parameters', async () => {
    const mild = file('mild.yaml', 'name: mild\nwhy: because\nprices: still\nmoves:\n  - {group: volatile, to: 0.95}\n');
    const liquidated = async (...args: string[]) =>
      JSON.parse((await cli('--scenario', mild, '--standing', '--json', ...args)).stdout).outcomes[0].liquidatedAccounts.mean;
    expect(await liquidated('--set', 'A00.liquidationThresholdBps=5000')).toBeGreaterThan(await liquidated());
  });

  it('puts all built-in ones beside each other, and those that are not about the book apart', async () => {
    const { code, stdout } = await cli('--scenario', 'all', '--paths', '32');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ scenario +prices +bad debt/);
    expect(stdout).toMatch(/joint crash +still +\$/);
    expect(stdout).toMatch(/volatility times 2 +law +\$.* ± /);
    expect(stdout).toMatch(/Not about this book:\n(.*\n)*.*stablecoin to 0\.88, moves\.0: Got USDC; needed assets of the book: A00/);
  });

  it('puts other books beside it, by file or bundle, under the law or a scenario', async () => {
    const book = file('other.json', JSON.stringify(other));
    const { code, stdout } = await cli('--with', book, `third=${book}`, '--paths', '256', '--json');
    expect(code).toBe(0);
    const [spread] = JSON.parse(stdout).spreads;
    expect(spread.protocols.map(({ protocol }: { protocol: string }) => protocol)).toEqual(['fixture', 'other', 'third']);
    const alone = spread.protocols.reduce((sum: number, one: Spread['protocols'][number]) => sum + one.alone.summary.meanUsd, 0);
    expect(spread.addedUsd.mean).toBeCloseTo(spread.together.summary.meanUsd - alone, 6);
    const table = await cli('--with', book, '--scenario', ours());
    expect(table.stdout).toMatch(/^ours\n\n protocol .*\n fixture .*\n other .*\n together .*\n\nBeyond the sum of each alone: \$/);
    expect((await cli('--with', bundle)).stderr).toMatch(/StressJoint\.SameNameError.*--with other=/);
    expect((await cli('--with', `twin=${bundle}`)).stderr).toMatch(
      /Contagion\.NotJointError: twin: Got derivative accounts of fixture and twin/,
    );
    expect((await cli('--with', join(scratch, 'none.json'))).stderr).toMatch(/none\.json: Got ENOENT/);
  });

  it('finds the nearest loss, writes it down, and finds it again from the file', async () => {
    const path = join(scratch, 'nearest.yaml');
    const { code, stdout } = await cli('--reverse', '--budget', '1000', '--write', path, '--json');
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ verdict: 'found', budgetUsd: 1000, yaml: readFileSync(path, 'utf8') });
    const again = JSON.parse((await cli('--scenario', path, '--json')).stdout);
    expect(again.outcomes[0].summary.meanUsd).toBe(found.lossUsd);
    expect(found.lossUsd).toBeGreaterThan(1000);
    const table = await cli('--reverse', '--scenario', ours(), '--budget', '1');
    expect(table.stdout).toMatch(
      /^\$.* lost, where the budget is \$1,.*\n0\.000 standard deviations.*loses more by its own paths.*who loses.*name: nearest loss/s,
    );
    expect((await cli('--reverse', '--budget', '1000000000000')).stdout).toMatch(
      /^No move within 100 standard deviations.*loses more than \$1000\.00 bn\./,
    );
  });

  it('takes no option that would do nothing', async () => {
    for (const [args, says] of [
      [['--write', 'x.yaml'], /Stress\.IdleOptionError: .*Got --write; needed --reverse beside it/],
      [['--reverse', '--with', bundle], /Got --with; needed no --reverse/],
      [['--scenario', 'joint-crash', '--workers', '2'], /Got --workers; needed no --scenario/],
      [['--waive', 'state:date-mismatch=because it is so old'], /Got --waive; needed --with/],
    ] as const) {
      const { code, stderr } = await cli(...args);
      expect(stderr).toMatch(says);
      expect(code).toBe(2);
    }
    expect((await cli('--reverse', '--budget', '-3')).code).toBe(2);
    expect((await cli('--reverse', '--write', join(scratch, 'nowhere', 'x.yaml'))).stderr).toMatch(
      /Folder\.UnwritableError: .*nowhere: Got ENOENT/,
    );
    expect((await cli('--reverse', '--scenario', 'joint-crash', 'oracles-frozen')).stderr).toMatch(/StressReverse\.OneBaseError/);
    expect((await cli('--reverse', '--scenario', 'volatility-times-2')).stderr).toMatch(/Reverse\.BaseError: volatility times 2/);
  });

  it('refuses by name, place and remedy', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--scenario', 'jont-crash'], /Scenarios\.UnknownNameError: .*joint-crash/],
      [['--scenario', join(scratch, 'none.yaml')], /Scenarios\.UnreadableError: .*none\.yaml.*ENOENT/],
      [['--scenario', file('empty.yaml', '')], /Scenarios\.UnreadableError: .*0 bytes/],
      [
        ['--scenario', file('key.yaml', 'name: n\nwhy: w\nprices: still\nsize: 3\n')],
        /Scenario\.InvalidError: .*key\.yaml, line 4, field size/,
      ],
      [['--scenario', 'stablecoin-to-0.88'], /Selection\.UnknownAssetError: stablecoin to 0\.88, moves\.0: Got USDC/],
      [['--scenario', 'joint-crash', '--paths', '513'], /Evaluate\.TooManyPathsError/],
    ];
    for (const [args, says] of cases) {
      const { code, stderr } = await cli(...args);
      expect(stderr).toMatch(says);
      expect(code).toBe(1);
    }
  });
});
