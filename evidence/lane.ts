/**
 * The automatic lane, timed: `npm run evidence -- lane`, two minutes. Runs test/api/auto.test.ts three times, writes docs/evidence/lane.md.
 * Reads nothing of ../shared.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNS = 3;
/** Parts from a bundle on disk to the chain. */
const FAST = [
  'fast: bundle run again, two updates drafted',
  'fast: two attestors sign two updates, each checked',
  'fast: both sent and read back',
];

type Took = readonly { readonly part: string; readonly ms: number; readonly calls: number; readonly gas: number }[];

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-evidence-'));
const [load] = loadavg();
try {
  const runs = Array.from({ length: RUNS }, (_, index) => run(join(folder, `${index}.json`)));
  writeFileSync('docs/evidence/lane.md', page(runs));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(report: string): Took {
  const args = ['vitest', 'run', '--maxWorkers=1', 'test/api/auto.test.ts', '-t', 'tightens|loosens|own proposal'];
  const { status, stdout } = spawnSync('npx', args, { env: { ...process.env, LANE_REPORT: report }, encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout);
  return JSON.parse(readFileSync(report, 'utf8')) as Took;
}

function page(runs: readonly Took[]): string {
  const of = (name: string) => runs.map((took) => took.find(({ part }) => part === name)!);
  const ms = (name: string) => of(name).map((one) => one.ms);
  const total = runs.map((_, index) => FAST.reduce((sum, part) => sum + ms(part)[index]!, 0));
  const [calls, gas] = (['calls', 'gas'] as const).map((what) => FAST.reduce((sum, part) => sum + of(part)[0]![what], 0)) as [
    number,
    number,
  ];
  const row = (name: string, times: readonly number[], many: number, used: number) =>
    `| ${name} | ${shown(median(times))} | ${shown(Math.max(...times))} | ${many} | ${used === 0 ? '' : used} |`;
  return [
    '# The automatic lane',
    '',
    `Made by \`npm run evidence -- lane\`: \`test/api/auto.test.ts\` run ${RUNS} times on ${cpus().length} cores, load average ${load!.toFixed(1)} when it began.`,
    '',
    'The built-in run’s bundle (simulated market, 16 assets, 4,096 paths; the loosening one 1,024), an Aave v3.0.2 market and a guard on one local node, two assets',
    'switched on, two of three attestors. By commands alone, in a process that runs already; each reads its bundle anew. The attestors are keys of the test: people take what they',
    'take, and the guard’s delay of a day is passed by moving the node’s clock. Calls: JSON-RPC requests, both assets together. Gas: both together.',
    '',
    '| | median of runs | slowest | calls | gas |',
    '|---|---|---|---|---|',
    row('**fast lane, bundle → both applied and read back**', total, calls, gas),
    ...runs[0]!.map(({ part, calls: many, gas: used }) => row(part, ms(part), many, used)),
    '',
  ].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function shown(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
