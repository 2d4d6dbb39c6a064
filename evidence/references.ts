/**
 * Every reference estimate against ours: `npx tsx evidence/references.ts`. Reads ../shared/data, writes docs/evidence/references.md.
 *
 * Each file of evidence/references/ that exports `cases()` adds its own. Our log-likelihood at the reference's parameters comes first:
 * only where that equals the printed one does a higher one of ours count.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { type Case, hasData } from './references/case.ts';

const OUT = 'docs/evidence/references.md';

if (hasData) await main();
else process.stderr.write('not covered: ../shared/data is absent\n');

async function main(): Promise<void> {
  const files = readdirSync(new URL('references', import.meta.url)).filter((file) => file.endsWith('.ts') && file !== 'case.ts');
  const lists = await Promise.all(
    files.sort().map(async (file) => ((await import(`./references/${file}`)) as { cases: () => readonly Case[] }).cases()),
  );
  const likelihoods: string[] = [];
  const estimates: string[] = [];
  for (const row of lists.flat()) {
    const there = row.oursThere();
    const fit = row.fit?.() ?? null;
    const name = `${row.series} ${row.model}, ${row.reference}`;
    process.stderr.write(`${name}\n`);
    const printed = row.logLikelihood;
    likelihoods.push(
      `| ${name} | ${printed ?? 'not printed'} | ${there.toFixed(6)} | ${printed === null ? '' : signed(there - printed)} | ` +
        `${fit?.logLikelihood.toFixed(6) ?? ''} | ${fit === null ? '' : signed(fit.logLikelihood - there)} | ` +
        `${fit === null ? '' : fit.converged ? 'yes' : 'no'} | ${row.note} |`,
    );
    if (fit === null) continue;
    for (const [parameter, theirs] of Object.entries(row.parameters)) {
      const ours = fit.parameters[parameter];
      if (ours === undefined) continue;
      estimates.push(
        `| ${name} | ${parameter} | ${theirs} | ${ours.toPrecision(9)} | ${signed(ours - theirs)} | ${digits(ours, theirs)} |`,
      );
    }
  }
  mkdirSync('docs/evidence', { recursive: true });
  writeFileSync(
    OUT,
    [
      '# References against ours',
      '',
      'Made by `npx tsx evidence/references.ts`.',
      '',
      '## Log-likelihood',
      '',
      'Ours at the reference’s own parameters; then our fit’s, its gain over that, and whether the search ended on an optimum.',
      '',
      '| reference | printed | ours there | difference | our fit | gain | converged | note |',
      '|---|---|---|---|---|---|---|---|',
      ...likelihoods,
      '',
      '## Estimates',
      '',
      'Digits: −log₁₀ of the relative difference.',
      '',
      '| reference | parameter | printed | ours | difference | digits |',
      '|---|---|---|---|---|---|',
      ...estimates,
      '',
    ].join('\n'),
  );
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toExponential(1)}`;
}

function digits(ours: number, theirs: number): string {
  if (theirs === 0) return Math.abs(ours) < 1e-4 ? 'both 0' : '';
  return (-Math.log10(Math.abs(ours / theirs - 1) || 1e-16)).toFixed(1);
}
