/** `npm run check`: types, format and lint, unused code, cycles and import direction. Every step runs; the last lines say which failed. */
import { spawnSync } from 'node:child_process';
import { main, root, run } from './setup.mjs';

/** Fewer modules than this and the cruise looked at the wrong folder: a green result would mean nothing. */
const FEWEST_MODULES = 40;

/** A log file is for reading. */
const PLAIN = process.stdout.isTTY ? [] : ['--colors=off'];

const STEPS = [
  ['types', () => run('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit'])],
  ['types of the page', () => run('node_modules/typescript/bin/tsc', ['-p', 'web/tsconfig.json', '--noEmit'])],
  ['format and lint', () => run('node_modules/@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', ...PLAIN, '.'])],
  ['unused code', () => run('node_modules/knip/bin/knip.js', [])],
  ['cycles and direction', cruise],
];

await main(() => {
  const failed = STEPS.filter(([name, work]) => {
    const ok = work() === 0;
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name}\n`);
    return !ok;
  });
  process.stdout.write(failed.length === 0 ? 'check passed\n' : `check failed: ${failed.map(([name]) => name).join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
});

/** On the compiled tree: the tool's TypeScript reader does not know this compiler and would see no module at all. */
function cruise() {
  const args = [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.json',
    '--output-type',
    'json',
    'dist',
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (!stdout.startsWith('{')) {
    process.stdout.write(`${stdout}${stderr}\n`);
    return 1;
  }
  const { summary, modules } = JSON.parse(stdout);
  const ours = modules.filter(({ source }) => source.startsWith('dist/'));
  const arrows = ours.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
  for (const { rule, from, to, cycle } of summary.violations) {
    const way = cycle ? cycle.map(({ name }) => name ?? '').join(' → ') : to;
    process.stdout.write(`${rule.severity}  ${rule.name}: ${from} → ${way}\n`);
  }
  process.stdout.write(`${ours.length} modules, ${arrows} imports, ${summary.error} errors\n`);
  if (ours.length < FEWEST_MODULES || arrows < FEWEST_MODULES) {
    process.stdout.write(`Got ${ours.length} modules; needed at least ${FEWEST_MODULES}: the check saw too little to mean anything.\n`);
    return 1;
  }
  return summary.error === 0 ? 0 : 1;
}
