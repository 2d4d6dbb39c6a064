/**
 * How large a bundle is and what opening it costs, by paths: `npm run build && npm run evidence -- bundle`, five minutes on two cores. Everything is asked of the command
 * line, on the built-in market and book. Writes docs/evidence/bundle.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const OUT = 'docs/evidence/bundle.md';
const BIN = resolve('dist/api/plimsoll.js');
const PATHS = [1_024, 4_096, 10_000, 16_384];
const MEGABYTE = 1e6;
/** Files that grow with the paths; the rest is told as one. */
const EVIDENCE = /^evidence-(before|after)\.json$/;

const here = mkdtempSync(join(tmpdir(), 'plimsoll-bundle-'));
const [load] = loadavg();

function timed(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [BIN, ...args], { cwd: here, encoding: 'utf8' });
  // 3: the engine abstains on few paths, and writes its bundle all the same.
  if (status !== 0 && status !== 3) throw new Error(`${args.join(' ')}: ${stderr}`);
  return (performance.now() - began) / 1000;
}

const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(2);
const rows = PATHS.map((paths) => {
  const name = `bundle-${paths}`;
  const run = timed(['run', '--no-forecaster', '--paths', String(paths), '--out', name]);
  const verify = timed(['verify', name]);
  const open = timed(['proof', 'make', name, '0', '--json']);
  const files = readdirSync(join(here, name)).map((file) => ({ file, bytes: readFileSync(join(here, name, file)) }));
  const size = (wanted: (file: string) => boolean) => files.reduce((sum, { file, bytes }) => sum + (wanted(file) ? bytes.length : 0), 0);
  const packed = files.reduce((sum, { bytes }) => sum + gzipSync(bytes).length, 0);
  process.stderr.write(`bundle  ${paths} paths\n`);
  const figures = [() => true, (file: string) => EVIDENCE.test(file), (file: string) => !EVIDENCE.test(file)].map((wanted) =>
    megabytes(size(wanted)),
  );
  return `| ${[paths, ...figures, megabytes(packed), ...[run, verify, open].map((seconds) => seconds.toFixed(1))].join(' | ')} |`;
});
rmSync(here, { recursive: true });
writeFileSync(
  OUT,
  `# Size of a bundle

Made by \`npm run build && npm run evidence -- bundle\`: the built-in market and book, without the forecaster. Megabytes are millions of bytes; seconds are of whole commands, start of Node included, on
${cpus().length} cores with a load average of ${load!.toFixed(1)} when it began. A path's leaf names its losses before and after, so evidence grows with paths and the rest (market, book, law, report) does not.

| paths | bundle, MB | of that evidence by path | the rest | bundle gzipped, MB | \`run\`, s | \`verify\`, s | \`proof make BUNDLE 0\`: one path proven and run alone, s |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`,
);
process.stderr.write(`bundle  ${OUT} written\n`);
