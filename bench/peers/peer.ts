/**
 * What benches against peers share: contenders are processes, run in turn on the same files, one core each, and the best of all rounds counts.
 *
 * A contender times its own work after an untimed run of it and prints a line a case, `RESULT <tab> case <tab> milliseconds <tab> values`:
 * by `report` here, in report.R and in report.py. What is not installed is left out, and said so.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export type Contender = { readonly who: string; readonly command: readonly string[] };

export type Figure = {
  readonly who: string;
  readonly work: string;
  readonly milliseconds: number;
  /** What the work found, of the fastest round: a log-likelihood, estimates. */
  readonly values: readonly number[];
};

const HERE = 'bench/peers';
/** Linear algebra libraries would take every core. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
const PYTHON = '/usr/bin/python3';

/** Ourselves, in a process of its own: `file` called with `ours` calls `report`. */
export function ours(file: string, ...args: readonly string[]): Contender {
  return { who: 'Plimsoll', command: [process.execPath, '--import', 'tsx', join(HERE, file), 'ours', ...args] };
}

/** `script` stands in bench/peers; null, and a word why, where R or one of the packages is absent. */
export function r(who: string, packages: readonly string[], script: string, ...args: readonly string[]): Contender | null {
  const there = packages.map((name) => `library(${name})`).join(';');
  const how = `apt-get install ${packages.map((name) => `r-cran-${name.toLowerCase()}`).join(' ')}`;
  return present(who, ['Rscript', '-e', there], how, ['Rscript', join(HERE, script), ...args]);
}

export function python(who: string, modules: readonly string[], script: string, ...args: readonly string[]): Contender | null {
  const how = `apt-get install ${modules.map((name) => `python3-${name}`).join(' ')}`;
  return present(who, [PYTHON, '-c', `import ${modules.join(', ')}`], how, [PYTHON, join(HERE, script), ...args]);
}

/** A gretl script takes no arguments: it reads `getenv("DATA")`. */
export function gretl(script: string, data: string): Contender | null {
  const command = ['env', `DATA=${data}`, 'gretlcli', '-b', resolve(HERE, script)];
  return present('gretl', ['gretlcli', '--version'], 'apt-get install gretl', command);
}

/** In our own process: the best of `repeats`. The engine's compiler needs a few dozen runs before it has settled. */
export function report<T>(work: string, repeats: number, run: () => T, values: (found: T) => readonly number[]): void {
  let found = run();
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const began = performance.now();
    found = run();
    milliseconds = Math.min(milliseconds, performance.now() - began);
  }
  process.stdout.write(`RESULT\t${work}\t${milliseconds}\t${values(found).join(' ')}\n`);
}

/** Round after round, everybody once a round. */
export function inTurn(rounds: number, contenders: readonly (Contender | null)[]): Figure[] {
  const bests = new Map<string, Figure>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { who, command } of contenders.filter((contender) => contender !== null)) {
      for (const figure of run(who, command)) {
        const name = `${figure.who} ${figure.work}`;
        if (figure.milliseconds < (bests.get(name)?.milliseconds ?? Number.POSITIVE_INFINITY)) bests.set(name, figure);
      }
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  return [...bests.values()];
}

export function milliseconds(figures: readonly Figure[], who: string, work: string): number {
  return figures.find((figure) => figure.who === who && figure.work === work)?.milliseconds ?? Number.NaN;
}

/** A folder that is gone afterwards. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file of columns with their names in the first line; its path. */
export function columns(folder: string, file: string, table: Readonly<Record<string, ArrayLike<number>>>): string {
  const path = join(folder, file);
  const lists = Object.values(table);
  const rows = Array.from(lists[0]!, (_, t) => lists.map((list) => list[t]).join(','));
  writeFileSync(path, `${[Object.keys(table).join(','), ...rows].join('\n')}\n`);
  return path;
}

export function writeEvidence(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join('\n')}\n`);
}

export function tableOf(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  return [`| ${header.join(' | ')} |`, `|${'---|'.repeat(header.length)}`, ...rows.map((cells) => `| ${cells.join(' | ')} |`)];
}

function present(who: string, probe: readonly string[], how: string, command: readonly string[]): Contender | null {
  if (spawnSync(probe[0]!, probe.slice(1), { stdio: 'ignore' }).status === 0) return { who, command };
  process.stderr.write(`not covered: ${who} is absent (${how})\n`);
  return null;
}

function run(who: string, command: readonly string[]): Figure[] {
  const { stdout, stderr, status } = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8', env: { ...process.env, ...ONE_THREAD } });
  const lines = stdout.split('\n').filter((line) => line.startsWith('RESULT\t'));
  if (status !== 0 || lines.length === 0)
    throw new Error(`${command.join(' ')} ended with ${status} after ${lines.length} RESULT lines: ${`${stdout}${stderr}`.slice(-800)}`);
  return lines.map((line) => {
    const [, work = '', milliseconds = '', values = ''] = line.split('\t');
    return { who, work, milliseconds: Number(milliseconds), values: values.trim().split(/\s+/).map(Number) };
  });
}
