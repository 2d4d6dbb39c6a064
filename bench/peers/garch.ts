/**
 * GARCH against gretl and fGarch, taken in turn in one run: `npx tsx bench/peers/garch.ts`. Writes docs/evidence/speed-garch.md.
 *
 * Each round starts gretl, R and a fresh process of ours on the same files; each times its own fits, standard errors included, after one
 * untimed fit, and gives the best. The table gives ratios of the bests of all rounds. Needs `gretlcli`, and `Rscript` with fGarch; one
 * that is absent is left out and said so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PURPOSE } from '../../base/random.ts';
import * as Garch from '../../models/garch.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const BARS = 3_000;
const OUT = 'docs/evidence/speed-garch.md';
const NORMAL: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' };
const TRUTH: Garch.Parameters = { mu: 0.05, omega: 0.05, alpha: 0.05, gamma: 0, beta: 0.93, nu: null };
const GJR_TRUTH: Garch.Parameters = { mu: 0.02, omega: 0.05, alpha: 0.04, gamma: 0.06, beta: 0.89, nu: 6 };

type Best = { readonly milliseconds: number; readonly logLikelihood: number };
type Peer = { readonly name: string; readonly run: () => Best };

if (process.argv[2] === 'ours') ours();
else bench();

/** In a process of its own: prints the bests of GARCH-normal and GJR-t. */
function ours(): void {
  const normal = Garch.simulate(TRUTH, BARS, stream(0));
  const gjr = Garch.simulate(GJR_TRUTH, BARS, stream(1));
  const figures = [best(() => Garch.fit(normal, NORMAL)), best(() => Garch.fit(gjr, Garch.GJR_T))];
  process.stdout.write(JSON.stringify(figures));
}

function best(work: () => Garch.GarchFit): Best {
  let milliseconds = Number.POSITIVE_INFINITY;
  let { logLikelihood } = work();
  // The compiler of the engine needs a few dozen fits before it has settled.
  for (let repeat = 0; repeat < 120; repeat += 1) {
    const began = performance.now();
    ({ logLikelihood } = work());
    milliseconds = Math.min(milliseconds, performance.now() - began);
  }
  return { milliseconds, logLikelihood };
}

function bench(): void {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const data = join(folder, 'returns.csv');
  writeFileSync(data, `r\n${Array.from(Garch.simulate(TRUTH, BARS, stream(0))).join('\n')}\n`);
  const peers = [gretl(folder, data), fGarch(folder, data)].filter((peer) => peer !== null);
  const bests = new Map<string, Best>();
  const keep = (name: string, figure: Best) => {
    const before = bests.get(name);
    if (before === undefined || figure.milliseconds < before.milliseconds) bests.set(name, figure);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = execFileSync(process.execPath, ['--import', 'tsx', 'bench/peers/garch.ts', 'ours'], { encoding: 'utf8' });
    const [normal, gjr] = JSON.parse(text) as [Best, Best];
    keep('Plimsoll GARCH-normal', normal);
    keep('Plimsoll GJR-t', gjr);
    for (const peer of peers) keep(peer.name, peer.run());
    process.stderr.write(`round ${round + 1} of ${ROUNDS}\n`);
  }
  rmSync(folder, { recursive: true });
  report(bests);
}

function gretl(folder: string, data: string): Peer | null {
  if (spawnSync('gretlcli', ['--version']).status !== 0) return absent('gretlcli', 'apt-get install gretl');
  const script = join(folder, 'garch.inp');
  writeFileSync(
    script,
    `set verbose off\nopen ${data} --quiet\nscalar best = 1e9\nloop i=1..25 --quiet\n  set stopwatch\n  garch 1 1 ; r const --quiet\n` +
      '  scalar t = $stopwatch\n  if t < best\n    best = t\n  endif\nendloop\nprintf "RESULT %.9f %.9f\\n", 1000 * best, $lnl\n',
  );
  return { name: 'gretl GARCH-normal', run: () => result(execFileSync('gretlcli', ['-b', script], { encoding: 'utf8' })) };
}

function fGarch(folder: string, data: string): Peer | null {
  if (spawnSync('Rscript', ['-e', 'library(fGarch)']).status !== 0) return absent('fGarch', 'apt-get install r-cran-fgarch');
  const script = join(folder, 'garch.R');
  writeFileSync(
    script,
    `suppressMessages(library(fGarch)); r <- read.csv("${data}")$r; best <- Inf\nfor (i in 1:6) { t <- system.time(f <- garchFit(~garch(1,1), r, trace=FALSE))[["elapsed"]]; best <- min(best, t) }\n` +
      'cat(sprintf("RESULT %.9f %.9f\\n", 1000 * best, -f@fit$llh))\n',
  );
  return { name: 'fGarch GARCH-normal', run: () => result(execFileSync('Rscript', [script], { encoding: 'utf8' })) };
}

function absent(name: string, how: string): null {
  process.stderr.write(`not covered: ${name} is absent (${how})\n`);
  return null;
}

function result(text: string): Best {
  const [, milliseconds = '', logLikelihood = ''] = /RESULT (\S+) (\S+)/.exec(text) ?? [];
  return { milliseconds: Number(milliseconds), logLikelihood: Number(logLikelihood) };
}

function report(bests: ReadonlyMap<string, Best>): void {
  const yard = bests.get('gretl GARCH-normal')?.milliseconds ?? Number.NaN;
  const own = bests.get('Plimsoll GARCH-normal')!.milliseconds;
  const rows = [...bests].map(
    ([name, { milliseconds, logLikelihood }]) =>
      `| ${name} | ${milliseconds.toFixed(2)} | ${(milliseconds / yard).toFixed(3)} | ${(milliseconds / own).toFixed(2)} | ${logLikelihood.toFixed(6)} |`,
  );
  mkdirSync('docs/evidence', { recursive: true });
  writeFileSync(
    OUT,
    [
      '# GARCH against its peers',
      '',
      `Made by \`npx tsx bench/peers/garch.ts\`: ${ROUNDS} rounds in turn on ${BARS} simulated bars, best of each, standard errors included.`,
      'GJR-t is fitted to bars of its own law, so its likelihood is another. Milliseconds belong to the machine of the run; ratios travel.',
      '',
      '| fit | ms | gretl = 1 | Plimsoll GARCH-normal = 1 | log-likelihood |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  );
}

function stream(path: number) {
  return { seed: 20_261_122, purpose: PURPOSE.sampleMarket, path };
}
