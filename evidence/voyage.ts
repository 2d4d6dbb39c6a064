/**
 * The first voyage on real data: hourly prices, the published Aave tables, as of the day before LUNA broke, and what bad input is
 * answered. `npm run build && npx tsx evidence/voyage.ts [../shared/data]`
 *
 * Everything is asked of the command line, in a temporary folder; what it prints goes to docs/evidence/voyage.md. One week is one
 * path, so the replay is also run with the same change made by half and twice, and with other depths: how far one path can be trusted.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { canonicalJson, seal } from '../base/id.ts';
import { align } from '../datasets/align.ts';
import { FindingKind } from '../datasets/panel.ts';
import { readSeries } from '../datasets/sources/files.ts';
import type { ParametersByAsset, ProtocolState } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import type { MarketModel } from '../models/market.ts';
import type { StressEvidence } from '../tuner/stress/evidence.ts';
import { replay } from '../tuner/stress/replay.ts';

const AS_OF = '2022-05-08';
const WEEK = { from: '2022-05-07T00:00:00.000Z', asOf: '2022-05-15T00:00:00.000Z' };
const WAIVER = 'state:date-mismatch=book of 2025 at prices of 2022';
const BIN = resolve('dist/api/plimsoll.js');
const DATA = resolve(process.argv[2] ?? '../shared/data');
const OUT = resolve('docs/evidence/voyage.md');

const here = mkdtempSync(join(tmpdir(), 'plimsoll-voyage-'));

/** What a person would see, with folders of this machine left out. */
function plimsoll(args: readonly string[]): { readonly out: string; readonly err: string; readonly code: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: here,
    encoding: 'utf8',
  });
  const plain = (text: string) => text.replaceAll(here, '.').replaceAll(DATA, 'data').trim();
  return { out: plain(stdout), err: plain(stderr), code: status };
}

const shown = (args: readonly string[]) =>
  `$ plimsoll ${args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`.replaceAll(DATA, 'data').replaceAll(here, '.');
const block = (...lines: readonly string[]) => ['```', ...lines, '```', ''].join('\n');

function voyage(): string {
  const from = (name: string) => join(DATA, `aave_v3_${name}`);
  const tables = ['--users', from('top1000_users_2025-12-01.csv'), '--positions', from('top1000_debt_positions_2025-12-01.csv')];
  const imported = ['state', 'import', ...tables, '--reserves', from('ethereum_reserve_params_2023-10-31.json'), '--out', 'book.json'];
  const book = plimsoll(imported);
  const run = ['run', '--panel', join(DATA, 'hourly'), '--state', 'book.json', '--as-of', AS_OF];
  const refused = plimsoll(run);
  const accepted = [...run, '--waive', WAIVER, '--out', 'bundle'];
  const [load] = loadavg();
  const advice = plimsoll(accepted);
  const verified = ['verify', 'bundle', '--workers', '1'];
  const check = plimsoll(verified);
  if (book.code !== 0 || refused.code === 0 || advice.code !== 0 || check.code !== 0)
    throw new Error([book, refused, advice, check].map(({ err }) => err).join('\n'));
  return [
    `Machine: ${cpus().length} cores, load average ${load!.toFixed(1)} when the run began: seconds are of a machine under that load.\n`,
    block(shown(imported), book.out),
    'The book is of another year: refused, until somebody says why it is wanted.\n',
    block(shown(run), lastLine(refused.err), '', shown(accepted), advice.out),
    'In a fresh process and with another number of workers:\n',
    block(shown(verified), check.out),
  ].join('\n');
}

/** The same week under neighbours of the advice and of the depth. */
async function neighbours(): Promise<string> {
  const part = <T>(name: string) => JSON.parse(readFileSync(join(here, 'bundle', `${name}.json`), 'utf8')) as T;
  const state = part<ProtocolState>('state');
  const model = part<MarketModel>('model');
  const [before, after] = [part<StressEvidence>('evidence-before').parameters, part<StressEvidence>('evidence-after').parameters];
  const { series, quote, sources } = await readSeries(join(DATA, 'hourly'));
  const waivers = series.flatMap(({ asset }) => FindingKind.options.map((kind) => ({ subject: asset, kind, reason: 'what happened' })));
  const week = align(series, { quote, sources, simulated: false, ...WEEK, minimumHistorySeconds: 0, waivers });
  const moved = (share: number): ParametersByAsset =>
    Object.fromEntries(
      Object.entries(before).map(([asset, old]) => [
        asset,
        { ...old, haircutBps: Math.round(old.haircutBps + share * (after[asset]!.haircutBps - old.haircutBps)) },
      ]),
    );
  const million = (usd: number) => (usd / 1e6).toFixed(2);
  const rows = [0, 0.5, 1, 1.5, 2].map((share) => {
    const cells = [0.5, 1, 2, 10].map((depthFactor) => {
      const { result } = replay(loadKernel(), state, week, moved(share), { model, borrowers: 'responsive', depthFactor });
      return `${million(result.badDebtUsd)} / ${million(result.liquidatedUsd)}`;
    });
    return `| ${share} | ${cells.join(' | ')} |`;
  });
  return [
    'Bad debt / liquidated, million USD, over the same week. Rows: how much of the haircut change is made (0 = old, 1 = advised). Columns:',
    'depth of the markets, as a multiple of what the book assumes.\n',
    '| share of the change | depth × 0.5 | × 1 | × 2 | × 10 |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    'What is liquidated falls with every step. Bad debt on one path does not: who comes first to a market that is running out of depth decides',
    'it, and a small shift changes the order. That is why a change is judged on thousands of paths, and a replay is shown and never used to tune.\n',
  ].join('\n');
}

async function badInput(): Promise<string> {
  const eth = gunzipSync(readFileSync(join(DATA, 'hourly', 'ETHUSDT_1h.csv.gz')))
    .toString('utf8')
    .split('\n');
  const file = (name: string, text: string) => {
    writeFileSync(join(here, name), text);
    return name;
  };
  const cells = eth[16]!.split(',');
  cells[4] = 'n/a?';
  const text = file('ETH_text.csv', eth.with(16, cells.join(',')).join('\n'));
  const twice = file('ETH_twice.csv', eth.toSpliced(30, 0, eth[29]!).join('\n'));
  const other = eth[29]!.split(',').with(5, '1').join(',');
  const contradicted = file('ETH_contradicted.csv', eth.toSpliced(30, 0, other).join('\n'));
  mkdirSync(join(here, 'empty'));
  const { id: _, ...book } = JSON.parse(readFileSync(join(here, 'book.json'), 'utf8')) as ProtocolState;
  const unknown = seal({ ...book, assets: book.assets.filter(({ asset }) => asset !== 'WETH') });
  const policy = readFileSync('tuner/policies/default.yaml', 'utf8')
    .replace('min: 500 ', 'min: 9500 ')
    .replace('min: 500\n', 'min: 9500\n');
  cpSync(join(here, 'bundle'), join(here, 'changed'), { recursive: true });
  const changed = readFileSync(join(here, 'bundle', 'recommendation.json'), 'utf8').replace('"to":', '"to":1');
  file('changed/recommendation.json', changed);
  const hourly = join(DATA, 'hourly');
  const asked: readonly (readonly [string, readonly string[]])[] = [
    ['a CSV with a text price on line 17', ['data', 'inspect', text]],
    ['a duplicated hour, other numbers', ['data', 'inspect', contradicted]],
    ['a duplicated hour, the same numbers', ['data', 'inspect', twice]],
    ['LUNA across 2022-05-31', ['data', 'inspect', join(hourly, 'LUNAUSDT_1h.csv.gz')]],
    ['an empty folder', ['data', 'inspect', 'empty']],
    [
      'an unknown asset in the state',
      ['run', '--panel', hourly, '--state', file('unknown.json', canonicalJson(unknown)), '--as-of', AS_OF, '--waive', WAIVER],
    ],
    ['a policy whose minimum is above its maximum', ['run', '--policy', file('policy.yaml', policy)]],
    ['a bundle with one byte changed', ['verify', 'changed']],
    ['a folder that cannot be written to', ['run', '--out', `${file('a-file', '')}/bundle`]],
  ];
  const lines = asked.map(([name, args]) => {
    const { err, out, code } = plimsoll(args);
    return `**${name}** (exit code ${code})\n\n${block(shown(args), lastLine(err === '' || code === 0 ? out : err))}`;
  });
  const earlier = new Set(readdirSync(here));
  const stopped = await interrupted(['run', '--out', 'stopped']);
  const left = readdirSync(here).filter((name) => !earlier.has(name));
  const ending = `${stopped.err}\nleft behind: ${left.length === 0 ? 'nothing' : left.join(', ')}`;
  return [
    ...lines,
    `**Ctrl-C in the middle** (after six seconds; exit code ${stopped.code})\n`,
    block(shown(['run', '--out', 'stopped']), ending),
  ].join('\n');
}

async function interrupted(args: readonly string[]): Promise<{ readonly err: string; readonly code: number | null }> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: here, stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text: Buffer) => {
    err += text.toString();
  });
  const timer = setTimeout(() => child.kill('SIGINT'), 6000);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  return { err: err.trim(), code };
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}

if (!existsSync(BIN) || !existsSync(DATA)) throw new Error(`Needed ${BIN} (npm run build) and the data folder ${DATA}`);
try {
  const parts = [
    '# The first voyage\n',
    'Made by `npm run build && npx tsx evidence/voyage.ts FOLDER`, on hourly candles of 19 coins and the published Aave v3 tables.\n',
    '## From prices to an executed proposal\n',
    voyage(),
    '## How far one week can be trusted\n',
    await neighbours(),
    '## Bad input\n',
    await badInput(),
  ];
  writeFileSync(OUT, parts.join('\n').trimEnd().concat('\n'));
} finally {
  rmSync(here, { recursive: true, force: true });
}
