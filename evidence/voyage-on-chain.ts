/**
 * From advice to a parameter on chain, timed: `npm run evidence -- voyage-on-chain`, half a minute. Runs test/governance/voyage-on-chain.test.ts
 * five times, writes docs/evidence/voyage-on-chain.md. Reads nothing of ../shared.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNS = 5;
/** The last part before a transaction can be sent. */
const SIGNED = 'two owners sign, checked and packed';
const REVISION = 'draft the revision';

type Took = readonly { readonly part: string; readonly ms: number }[];

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-evidence-'));
const [load] = loadavg();
try {
  const runs = Array.from({ length: RUNS }, (_, index) => run(join(folder, `${index}.json`)));
  writeFileSync('docs/evidence/voyage-on-chain.md', page(runs));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(report: string): Took {
  const { status, stdout } = spawnSync('npx', ['vitest', 'run', 'test/governance/voyage-on-chain.test.ts'], {
    env: { ...process.env, VOYAGE_REPORT: report },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
  return JSON.parse(readFileSync(report, 'utf8')) as Took;
}

function page(runs: readonly Took[]): string {
  const parts = runs[0]!.map(({ part }) => part);
  const of = (part: string) => runs.map((took) => took.find((one) => one.part === part)!.ms);
  const between = (from: string, to: string) =>
    runs.map((took) => {
      const names = took.map(({ part }) => part);
      return took.slice(names.indexOf(from), names.indexOf(to) + 1).reduce((sum, { ms }) => sum + ms, 0);
    });
  const row = (name: string, ms: readonly number[]) => `| ${name} | ${shown(median(ms))} | ${shown(Math.max(...ms))} |`;
  return [
    '# From a recommendation to a parameter on chain',
    '',
    `Made by \`npm run evidence -- voyage-on-chain\`: \`test/governance/voyage-on-chain.test.ts\` run ${RUNS} times on ${cpus().length} cores, load average ${load!.toFixed(1)} when it began.`,
    '',
    'Real contracts on one local node: an Aave v3.0.2 market, a TimelockController (two days) that is its risk administrator, a Safe 1.5.0 (two of three) that is the',
    'timelock’s only proposer. Advice by hand about a small book. The people are keys of the test: **what is measured is the machine’s share**. Reading, deciding',
    'and the timelock’s two days take what they take; the node’s clock is moved over them.',
    '',
    '| | median of runs | slowest |',
    '|---|---|---|',
    row('**recommendation → signed proposal**, revision only', between(REVISION, SIGNED)),
    row('the same with the draft that was rejected before it', between(parts[0]!, SIGNED)),
    ...parts.map((part) => row(part, of(part))),
    '',
  ].join('\n');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function shown(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
