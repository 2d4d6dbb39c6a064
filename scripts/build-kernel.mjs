/**
 * Compiles kernel/assembly to kernel/generated: the WASM bytes as base64 with their SHA-256, so that source, dist, tests and workers
 * all find the same module without reading files. Skips when the sources have not changed. Two modules: what evidence is computed with
 * again, and the likelihoods of fitting, which may change without that digest.
 *
 * node scripts/build-kernel.mjs
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'kernel', 'assembly');
const generated = join(root, 'kernel', 'generated');
/** Entry in `sources`, file in `generated`. */
const MODULES = [
  { entry: 'index.ts', target: join(generated, 'module.ts') },
  { entry: 'likelihood.ts', target: join(generated, 'likelihood.ts') },
];
const compilerVersion = createRequire(import.meta.url)('assemblyscript/package.json').version;

// 'stub' runtime and no abort: nothing is allocated or imported, the module is arithmetic on its own memory.
const FLAGS = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--initialMemory', '16', '--enable', 'simd'];

const names = readdirSync(sources)
  .filter((name) => name.endsWith('.ts'))
  .sort();
const hash = createHash('sha256').update(`${compilerVersion}\n${FLAGS.join(' ')}\n`);
for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
const stamp = `// sources ${hash.digest('hex')}`;

for (const { entry, target } of MODULES.filter(({ target }) => !isCurrent(target))) {
  const { default: asc } = await import('assemblyscript/asc');
  writeModule(entry, await compile(asc, entry), target);
}

function isCurrent(target) {
  try {
    return readFileSync(target, 'utf8').startsWith(stamp);
  } catch {
    return false;
  }
}

async function compile(asc, entry) {
  let binary;
  const { error, stderr } = await asc.main([entry, '--outFile', 'kernel.wasm', ...FLAGS], {
    readFile: (name) => {
      try {
        return readFileSync(join(sources, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) {
    process.stderr.write(stderr.toString());
    throw error ?? new Error('asc wrote no module');
  }
  return binary;
}

/** Written beside and renamed: a reader, or a second build at the same time, never sees half a file. */
function writeModule(entry, wasm, target) {
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  const text = [
    stamp,
    `export const wasmSha256 = '${sha256}';`,
    `export const wasmBase64 =\n  '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ].join('\n');
  mkdirSync(generated, { recursive: true });
  const beside = `${target}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, target);
  process.stdout.write(`kernel/assembly/${entry}: ${wasm.length} bytes, sha256 ${sha256.slice(0, 12)}\n`);
}
