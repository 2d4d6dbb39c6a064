/**
 * Paths and options of the kernel against numpy, QuantLib in C++ and a C loop compiled on the spot, taken in turn in one run on one core:
 * `npx tsx bench/peers/paths.ts [rounds]`. Writes docs/evidence/speed-paths.md.
 *
 * Everybody makes 8 correlated assets × 24 steps and reads the least value of the portfolio on each path, except us, who hand all prices
 * out (the stress engine wants them). Needs `gcc`, `g++` with libquantlib0-dev, `python3` with numpy and scipy; one that is absent is left out
 * and said so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Law from '../../kernel/law.ts';
import { room } from '../../kernel/option.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
const OUT = 'docs/evidence/speed-paths.md';
const HERE = 'bench/peers/paths';
const PYTHON = '/usr/bin/python3';
const ASSETS = 8;
const STEPS = 24;
const PATHS = 50_000;
const OPTIONS = 1_000_000;
const BLOCK = 256;

type Row = { readonly work: string; readonly who: string; readonly run: () => number };

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
const rows = [...ours(), ...peers()];
const bests = new Map<Row, number>();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const row of rows) bests.set(row, Math.max(bests.get(row) ?? 0, row.run()));
  process.stderr.write(`round ${round + 1} of ${ROUNDS}\n`);
}
rmSync(folder, { recursive: true });
report();

/** By second: the best of a dozen. */
function ours(): Row[] {
  const kernel = loadKernel();
  const prices = Law.room({ assets: ASSETS }, STEPS, BLOCK);
  const paths = (law: Law.LawInput) => () =>
    fastest(20 * BLOCK, () => {
      for (let block = 0; block < 20; block += 1) kernel.simulate(law, 1, STEPS, block * BLOCK, BLOCK, prices);
    });
  const random = (low: number, width: number, lane: number) =>
    Float64Array.from({ length: OPTIONS / 10 }, (_, index) => low + width * kernel.uniform(1, 0, index, 0, lane));
  const forward = new Float64Array(OPTIONS / 10).fill(100);
  const side = random(-1, 2, 4).map((x) => Math.sign(x));
  const book = {
    forward,
    strike: random(20, 200, 0),
    years: random(0.01, 2, 1),
    volatility: random(0.05, 1, 2),
    rate: random(0, 0.05, 3),
    side,
  };
  const values = room(OPTIONS / 10);
  return [
    { work: 'GBM', who: 'Plimsoll', run: paths(law(Number.POSITIVE_INFINITY, [0.01, 1, 0, 0, 0, 1])) },
    { work: 'GJR-t(6)', who: 'Plimsoll', run: paths(law(6, [0.01, 0.02, 0.05, 0.05, 0.9, 1])) },
    { work: 'options', who: 'Plimsoll', run: () => fastest(OPTIONS / 10, () => kernel.options(book, values)) },
  ];
}

function law(copulaNu: number, gjr: readonly number[]): Law.LawInput {
  const cholesky = new Float64Array(ASSETS * ASSETS);
  for (let row = 0; row < ASSETS; row += 1)
    for (let column = 0; column <= row; column += 1) cholesky[row * ASSETS + column] = row === column ? 0.8 : 0.2;
  return {
    assets: ASSETS,
    regimes: 1,
    initial: Float64Array.of(1),
    transition: Float64Array.of(1),
    multiplier: Float64Array.of(1),
    cholesky,
    gjr: Float64Array.from({ length: 6 * ASSETS }, (_, place) => gjr[place % 6]!),
    marginStart: new Int32Array(ASSETS + 1),
    marginX: new Float64Array(0),
    marginZ: new Float64Array(0),
    copulaNu,
  };
}

function fastest(count: number, work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 12; repeat += 1) {
    const began = performance.now();
    work();
    best = Math.min(best, performance.now() - began);
  }
  return (1000 * count) / best;
}

function peers(): Row[] {
  const found: Row[] = [];
  const add = (work: string, who: string, how: string, command: readonly string[] | null) => {
    if (command === null) process.stderr.write(`not covered: ${who} is absent (${how})\n`);
    else found.push({ work, who, run: () => result(execFileSync(command[0]!, command.slice(1), { encoding: 'utf8' })) });
  };
  const python = (work: string, count: number) =>
    spawnSync(PYTHON, ['-c', 'import numpy, scipy.special']).status === 0 ? [PYTHON, `${HERE}/numpy_paths.py`, work, String(count)] : null;
  const numpyHow = 'apt-get install python3-numpy python3-scipy';
  add('GBM', 'numpy', numpyHow, python('gbm', PATHS));
  add('GJR-t(6)', 'numpy', numpyHow, python('gjr', PATHS));
  add('options', 'numpy, scipy', numpyHow, python('options', OPTIONS));
  const c = (...flags: string[]) => compiled('gcc', 'loop.c', [...flags, '-lm'], PATHS);
  add('GBM', 'C, -O3 -march=native', 'apt-get install gcc', c('-O3', '-march=native'));
  add('GBM', 'C, counter-based streams, same flags', 'apt-get install gcc', c('-O3', '-march=native', '-DPHILOX'));
  add('GBM', 'C, -O3 -march=native -ffast-math', 'apt-get install gcc', c('-O3', '-march=native', '-ffast-math'));
  add('GBM', 'C, counter-based streams, -ffast-math', 'apt-get install gcc', c('-O3', '-march=native', '-ffast-math', '-DPHILOX'));
  add(
    'GBM',
    'QuantLib C++',
    'apt-get install g++ libquantlib0-dev',
    compiled('g++', 'quantlib.cpp', ['-O3', '-march=native', '-lQuantLib'], PATHS / 5),
  );
  return found;
}

function compiled(compiler: string, source: string, flags: readonly string[], count: number): readonly string[] | null {
  const program = join(folder, `${source}-${flags.join('')}`.replaceAll(/[^a-zA-Z0-9.-]/g, ''));
  const made = spawnSync(compiler, [join(HERE, source), '-o', program, ...flags], { stdio: 'ignore' });
  return made.status === 0 ? [program, String(count)] : null;
}

function result(text: string): number {
  return Number(/RESULT (\S+)/.exec(text)?.[1]);
}

function report(): void {
  const own = (work: string) => [...bests].find(([row]) => row.work === work)![1];
  const lines = [...bests].map(
    ([{ work, who }, rate]) => `| ${work} | ${who} | ${Math.round(rate).toLocaleString('en')} | ${(own(work) / rate).toFixed(2)} |`,
  );
  mkdirSync('docs/evidence', { recursive: true });
  writeFileSync(
    OUT,
    [
      '# Paths and options against their peers',
      '',
      `Made by \`npx tsx bench/peers/paths.ts ${ROUNDS}\`: ${ROUNDS} rounds in turn on one core, best of each. Paths: ${ASSETS} correlated assets × ${STEPS} steps,`,
      'by geometric Brownian motion or GJR-GARCH with multivariate t(6) shocks; options: Black’s price and five greeks. Ours are the same bits on',
      'every machine, path by path, whatever the order; theirs are sequential streams, except where it says counter-based (then ours, Philox4x32-10).',
      'Rates belong to the machine of the run; ratios travel.',
      '',
      '| work | who | a second | Plimsoll over it |',
      '|---|---|---|---|',
      ...lines,
      '',
    ].join('\n'),
  );
}
