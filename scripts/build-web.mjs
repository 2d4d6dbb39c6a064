/**
 * Build the page: web/main.tsx and web/page.css to web/dist, with the typeface and index.html beside them.
 * Plain node and esbuild; about a quarter of a second. `--watch` rebuilds on change.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const web = fileURLToPath(new URL('../web/', import.meta.url));
const out = `${web}dist/`;

/** @type {import('esbuild').BuildOptions} */
const options = {
  entryPoints: [{ in: `${web}main.tsx`, out: 'page' }],
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: false,
  format: 'esm',
  target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.woff2': 'file', '.woff': 'file' },
  assetNames: '[name]',
  legalComments: 'eof',
  tsconfig: `${web}tsconfig.json`,
  logLevel: 'warning',
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await copyFile(`${web}index.html`, `${out}index.html`);
await copyFile(`${web}mark.svg`, `${out}mark.svg`);
// The typeface's licence asks to travel with it.
await copyFile(fileURLToPath(import.meta.resolve('@fontsource/barlow-semi-condensed/LICENSE')), `${out}barlow-semi-condensed-LICENSE.txt`);
if (process.argv.includes('--watch')) {
  const watcher = await context(options);
  await watcher.watch();
} else {
  await build(options);
}
