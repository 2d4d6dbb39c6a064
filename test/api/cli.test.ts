/** The command line as people meet it: help, exit codes, and what each kind of bad input gets for an answer. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Folder from '../../api/folder.ts';
import { plimsoll as cli } from './command.ts';
import { temporaryFolder } from './stores.ts';

const COMMAND = ['--import', 'tsx', 'api/plimsoll.ts'];
const SLOW = 120_000;
const HOUR_MS = 3_600_000;

let scratch: string;
beforeAll(() => {
  scratch = temporaryFolder();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** An hourly file of one asset; `edit` may spoil a line. */
function market(name: string, hours: number, edit: (lines: string[]) => void = () => undefined): string {
  const lines = ['time,open,high,low,close,volume'];
  for (let hour = 0; hour < hours; hour += 1) {
    const price = (100 + 5 * Math.sin(hour / 7) + 3 * Math.sin(hour / 3.1)).toFixed(4);
    lines.push(`${new Date(Date.UTC(2024, 0, 1) + hour * HOUR_MS).toISOString()},${price},${price},${price},${price},1000`);
  }
  edit(lines);
  const path = join(scratch, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

describe('plimsoll', () => {
  it(
    'explains itself and every command, each with an example',
    async () => {
      const { code, stdout } = await cli(['--help']);
      expect(code).toBe(0);
      const names = [...stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map((match) => match[1]!).filter((name) => name !== 'help');
      expect(names).toEqual(
        expect.arrayContaining(['serve', 'work', 'run', 'verify', 'data', 'state', 'fit', 'stress', 'tune', 'propose', 'decode', 'doctor']),
      );
      const leaves = names.flatMap((name) =>
        name === 'data'
          ? ['data pull', 'data import', 'data inspect']
          : name === 'state'
            ? ['state read', 'state fees', 'state import', 'state inspect']
            : [name],
      );
      const helps: Awaited<ReturnType<typeof cli>>[] = [];
      for (const name of leaves) helps.push(await cli([...name.split(' '), '--help']));
      helps.forEach((help, index) => {
        expect([leaves[index], help.code]).toEqual([leaves[index], 0]);
        expect(help.stdout, leaves[index]).toMatch(/Examples?:\n {2}\$ /);
        expect(help.stdout, leaves[index]).not.toContain('(default: [])');
      });
    },
    SLOW,
  );

  it(
    'answers bad usage with 2',
    async () => {
      expect((await cli(['run', '--seed', 'x'])).code).toBe(2);
      expect((await cli(['no-such-command'])).code).toBe(2);
      const environment = await cli(['doctor'], { PORT: 'eighty', LOG_LEVEL: 'loud' });
      expect(environment.code).toBe(2);
      expect(environment.stderr).toMatch(/Config\.BadEnvironmentError.*PORT.*LOG_LEVEL/s);
    },
    SLOW,
  );

  it(
    'decodes call data, and refuses what is none',
    async () => {
      const bad = await cli(['decode', '0x1', '--json']);
      expect(bad.code).toBe(1);
      expect(JSON.parse(bad.stdout)).toMatchObject({ type: 'Decode.NotCallDataError' });
      const unknown = await cli(['decode', '0xdeadbeef']);
      expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('deadbeef')]);
    },
    SLOW,
  );
});

describe('bad input is answered by name, place and remedy', () => {
  const cases: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    [
      'a text price on line 17',
      () => ['data', 'inspect', market('text.csv', 40, (lines) => lines.splice(16, 1, lines[16]!.replace(/,[\d.]+,1000$/, ',cheap,1000')))],
      /text\.csv.*17.*close.*cheap|cheap.*17/s,
    ],
    [
      'an empty folder',
      () => {
        mkdirSync(join(scratch, 'empty'), { recursive: true });
        return ['run', '--panel', join(scratch, 'empty'), '--out', join(scratch, 'never')];
      },
      /Error: .*empty.*Got/s,
    ],
    ['a panel that is not there', () => ['run', '--panel', join(scratch, 'nowhere'), '--out', join(scratch, 'never')], /nowhere/],
    [
      'a policy whose minimum is above its maximum',
      () => {
        const policy = readFileSync('tuner/policies/default.yaml', 'utf8').replace(/min: 500\n {4}max: 8000/, 'min: 9000\n    max: 8000');
        writeFileSync(join(scratch, 'policy.yaml'), policy);
        return ['run', '--policy', join(scratch, 'policy.yaml'), '--out', join(scratch, 'never')];
      },
      /policy\.yaml, line \d+.*9000/s,
    ],
    [
      'a time that is none',
      () => ['run', '--panel', market('short.csv', 5_000), '--as-of', 'yesterday', '--out', join(scratch, 'never')],
      /Voyage\.BadTimeError/,
    ],
    [
      'a book that was edited',
      () => {
        writeFileSync(join(scratch, 'book.json'), '{"kind":"protocol-state"}');
        return ['run', '--panel', market('book.csv', 5_000), '--state', join(scratch, 'book.json'), '--out', join(scratch, 'never')];
      },
      /StateFile\.UnreadableError.*book\.json/s,
    ],
    [
      'a place that cannot be written to',
      () => ['run', '--out', join(market('file.csv', 3), 'bundle')],
      /Folder\.UnwritableError.*(ENOTDIR|EEXIST)/s,
    ],
    [
      'a folder that holds something else',
      () => {
        mkdirSync(join(scratch, 'full'), { recursive: true });
        writeFileSync(join(scratch, 'full', 'thesis.txt'), 'mine');
        return ['run', '--out', join(scratch, 'full')];
      },
      /Folder\.NotABundleError.*thesis\.txt/s,
    ],
    ['a bundle that is not there', () => ['verify', join(scratch, 'nowhere')], /Folder\.MissingFileError/],
    ['a worker without a store to share', () => ['work'], /Work\.NoSharedStoreError.*DATABASE_URL/s],
  ];

  it.each(cases)(
    '%s',
    async (_what, args, answer) => {
      const { code, stderr } = await cli(args(), { DATABASE_URL: '', REDIS_URL: '' });
      expect(stderr).toMatch(answer);
      expect(code).toBe(1);
      expect(existsSync(join(scratch, 'never'))).toBe(false);
      expect(readdirSync(scratch).filter((name) => name.startsWith('.plimsoll'))).toEqual([]);
    },
    SLOW,
  );

  it(
    'a duplicated hour: the same bar twice is noted, two different bars exclude the asset',
    async () => {
      const folder = join(scratch, 'doubles');
      mkdirSync(folder);
      for (const [name, price] of [
        ['SAME', null],
        ['OTHER', '77'],
      ] as const) {
        const spoil = (lines: string[]) => {
          lines.splice(100, 0, price === null ? lines[100]! : lines[100]!.replace(/,[\d.]+,1000$/, `,${price},1000`));
        };
        renameSync(market(`${name}.csv`, 24 * 200, spoil), join(folder, `${name}.csv`));
      }
      const { code, stdout } = await cli(['data', 'inspect', folder, '--json']);
      expect(code).toBe(0);
      const { quality, excluded } = JSON.parse(stdout) as {
        quality: { asset: string; kind: string }[];
        excluded: { asset: string; kind: string }[];
      };
      expect(quality).toContainEqual(expect.objectContaining({ asset: 'SAME', kind: 'duplicate' }));
      expect(excluded).toContainEqual(expect.objectContaining({ asset: 'OTHER', kind: 'duplicate' }));
    },
    SLOW,
  );

  const luna = '../shared/data/hourly/LUNAUSDT_1h.csv.gz';
  it.skipIf(!existsSync(luna))(
    'LUNA across 2022-05-31 is left out, by name',
    async () => {
      const { code, stdout } = await cli(['data', 'inspect', '../shared/data/hourly', '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).excluded.map(({ asset }: { asset: string }) => asset)).toContain('LUNA');
    },
    SLOW,
  );
  if (!existsSync(luna)) process.stderr.write('Not covered: LUNA across 2022-05-31. It needs ../shared/data.\n');

  it.skipIf(!existsSync('/dev/full'))('a full disk is named, with what to do', async () => {
    await expect(Folder.write('/dev', 'full', 'text')).rejects.toThrow(/a full disk \(ENOSPC\).*Free some space/);
  });
});

it('a draft whose process died is swept away, one that lives is not', async () => {
  const parent = join(scratch, 'drafts');
  const mine = await Folder.begin(parent);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const left = mine.path.replace(`-${process.pid}-`, `-${dead}-`);
  mkdirSync(left);
  const next = await Folder.begin(parent);
  expect([existsSync(mine.path), existsSync(left), existsSync(next.path)]).toEqual([true, false, true]);
  await mine.discard();
  await next.land(join(parent, 'bundle'));
  expect(readdirSync(parent)).toEqual(['bundle']);
});

it(
  'a reader that stops early (… | head) is no error',
  async () => {
    const child = spawn(process.execPath, [...COMMAND, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(said).toBe('');
  },
  SLOW,
);

describe('Ctrl-C', () => {
  it(
    'in the middle of a run leaves nothing',
    async () => {
      const parent = join(scratch, 'interrupted');
      mkdirSync(parent);
      const child = spawn(process.execPath, [...COMMAND, 'run', '--no-forecaster', '--out', join(parent, 'bundle')], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const said = await until(child, /Read the book/);
      expect(readdirSync(parent)).toHaveLength(1);
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(said()).toContain('Nothing was left half written');
      expect(readdirSync(parent)).toEqual([]);
    },
    SLOW,
  );
});

async function until(child: ChildProcess, text: RegExp): Promise<() => string> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (text.test(said)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return () => said;
}
