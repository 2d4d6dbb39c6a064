/**
 * Mutants: is there a test for every check of the guard? `npm run evidence -- mutants`, three hours on one core; a run that was
 * cut goes on where it stopped (evidence/.mutants.jsonl; a changed source is judged anew). Table in docs/evidence/mutants.md.
 * `npx tsx evidence/mutants.ts 15` judges the first and every 15th after it; the page says so.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { digest } from '../base/id.ts';
import { ownSources } from '../scripts/contracts.ts';
import { EQUIVALENTS } from './guard/equivalents.ts';
import type { Mutant } from './guard/mutants.ts';
import { allMutants, isEquivalent, judge, lineOf, type Verdict } from './guard/mutation.ts';

const DONE = 'evidence/.mutants.jsonl';
const OUT = 'docs/evidence/mutants.md';
const FOLDER = 'generated/mutants/one';

type Judged = Mutant & { readonly key: string; readonly verdict: Verdict };

const sources = ownSources();
const every = Number(process.argv[2] ?? 1);
const all = allMutants();
const mutants = all.filter((_, index) => index % every === 0);
const keyOf = ({ file, start, was, becomes }: Mutant): string => digest(JSON.stringify([sources[file], start, was, becomes]));
const known = new Map<string, Judged>();
if (existsSync(DONE)) {
  for (const line of readFileSync(DONE, 'utf8').split('\n').filter(Boolean)) {
    const judged = JSON.parse(line) as Judged;
    // Survivors are asked again: a test may have come.
    if (judged.verdict.kind !== 'survived') known.set(judged.key, judged);
  }
}

const table: Judged[] = [];
for (const [index, mutant] of mutants.entries()) {
  const key = keyOf(mutant);
  if (isEquivalent(mutant, EQUIVALENTS) !== undefined) continue;
  const judged = known.get(key) ?? { ...mutant, key, verdict: await judge(mutant, FOLDER) };
  if (!known.has(key)) appendFileSync(DONE, `${JSON.stringify(judged)}\n`);
  if (judged.verdict.kind === 'survived') {
    process.stderr.write(`SURVIVED ${mutant.file}:${mutant.line} ${mutant.was} → ${mutant.becomes}\n`);
  }
  if (index % 25 === 0) process.stderr.write(`${index}/${mutants.length}\n`);
  table.push(judged);
}
writeFileSync(OUT, page());
process.stderr.write(`${OUT} written\n`);

function page(): string {
  const files = [...new Set(mutants.map(({ file }) => file))];
  const count = (file: string, kind: Verdict['kind']) => table.filter((one) => one.file === file && one.verdict.kind === kind).length;
  const same = mutants.flatMap((mutant) => {
    const equivalent = isEquivalent(mutant, EQUIVALENTS);
    return equivalent === undefined ? [] : [{ ...mutant, why: equivalent.why }];
  });
  const rows = files.map((file) => {
    const all = mutants.filter((one) => one.file === file).length;
    const equivalent = same.filter((one) => one.file === file).length;
    const figures = [count(file, 'killed'), count(file, 'timeout'), count(file, 'stillborn'), equivalent, count(file, 'survived')];
    return `| ${file} | ${[all, ...figures].join(' | ')} |`;
  });
  const total = (kind: Verdict['kind']) => table.filter(({ verdict }) => verdict.kind === kind).length;
  const survivors = table.filter(({ verdict }) => verdict.kind === 'survived');
  const killers = new Map<string, number>();
  for (const { verdict } of table)
    if (verdict.kind === 'killed') killers.set(verdict.by.split(' ')[0]!, (killers.get(verdict.by.split(' ')[0]!) ?? 0) + 1);
  return `# Mutants of the guard

Made by \`npm run evidence -- mutants\`. Each mutant is one source with one change: a condition that always or never holds, a comparison
shifted by its boundary, a logical or arithmetic sign swapped, a number one larger, a branch swapped, a statement or an access modifier
dropped; every place in every function body (\`evidence/guard/mutants.ts\`). Each is compiled alone and put to every Solidity test
(\`test/governance/solidity\`). A mutant that does not compile, or takes minutes, shows nothing and is counted apart.

${every === 1 ? '' : `Of ${all.length} mutants the first and every ${every}th after it were judged; of the rest this page says nothing. `}${mutants.length} mutants: ${total('killed')} killed, ${total('timeout')} ran out of time, ${total('stillborn')} do not compile, ${same.length} are the same programme, **${survivors.length} survived**.

| source | mutants | killed | out of time | do not compile | the same | survived |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Killed by: ${[...killers]
    .sort(([, a], [, b]) => b - a)
    .map(([suite, many]) => `${suite} ${many}`)
    .join(', ')} (the first test to fail is named; the stateful ones are asked last).

## The same programme

| where | change | why nobody can tell |
|---|---|---|
${same.map(({ file, line, was, becomes, why }) => `| ${file}:${line} \`${lineOf(sources[file]!, line)}\` | \`${was}\` → \`${becomes || 'nothing'}\` | ${why} |`).join('\n')}
${survivors.length === 0 ? '' : `\n## Survivors\n\n${survivors.map(({ file, line, was, becomes }) => `- ${file}:${line} \`${was}\` → \`${becomes}\``).join('\n')}\n`}`;
}
