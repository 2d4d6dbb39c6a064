/**
 * Everything between a clean clone and a runnable tree, in steps that cost nothing when nothing changed.
 * Node's own modules only: this file runs before any package is installed.
 *
 * 1. Node      is it new enough?
 * 2. packages  `npm ci`, unless node_modules holds what the lock file names
 * 3. kernel    AssemblyScript → WASM module
 * 4. page      web/ → web/dist
 * 5. dist      TypeScript → dist
 *
 * Staleness is judged by content, not by time: a fresh clone, a copied folder and a switched branch all judge alike.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const OLDEST_NODE = [20, 19];
const COMPILED = ['base', 'kernel', 'datasets', 'models', 'tuner', 'governance', 'api'];
const BUILT = join('node_modules', '.plimsoll');
const BIN = join('dist', 'api', 'plimsoll.js');

/** Brings the tree up to date; throws with one plain sentence where it cannot. */
export function setUp() {
  process.chdir(root);
  checkNode();
  const began = Date.now();
  const ran = [installPackages(), buildKernel(), buildPage(), buildDist()].filter(Boolean);
  if (ran.length > 0) say(`ready in ${seconds(began)} s`);
}

/** `node file …args` with the terminal's own streams; the exit code, 1 where a signal ended it. */
export function run(file, args, env = {}) {
  const { status, error } = spawnSync(process.execPath, [file, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  return status ?? 1;
}

/** Setup, then `work`; any failure is one line and exit code 1. */
export async function main(work) {
  try {
    setUp();
    const code = await work(process.argv.slice(2));
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = OLDEST_NODE;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new Error(`Got Node ${process.versions.node}; needed ${OLDEST_NODE.join('.')} or newer. Install a current Node and try again.`);
  }
}

function installPackages() {
  if (isInstalled()) return false;
  step('packages', 'npm ci, about a minute the first time', () => {
    // The build needs the development packages, whatever NODE_ENV says.
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    const npm = process.env.npm_execpath;
    const { status } = npm
      ? spawnSync(process.execPath, [npm, ...args], { stdio: ['ignore', 2, 2] })
      : spawnSync('npm', args, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
    if (status !== 0) throw new Error('Packages could not be installed; see the lines above. Is the package registry reachable?');
  });
  return true;
}

/** True where npm's own record of node_modules names every package of the lock file, in the same version. */
function isInstalled() {
  const record = join('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const found = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '') return true;
    if (found[path] === undefined) return Boolean(optional || devOptional || peer);
    return found[path].version === version;
  });
}

function buildKernel() {
  const inputs = [...filesOf('kernel/assembly'), 'scripts/build-kernel.mjs', 'package-lock.json'];
  return build('kernel', 'AssemblyScript to WASM', inputs, 'kernel/generated', () => node('scripts/build-kernel.mjs'));
}

function buildPage() {
  const inputs = [...filesOf('web').filter((path) => !path.startsWith('web/dist/')), 'scripts/build-web.mjs', 'package-lock.json'];
  return build('page', 'web to web/dist', inputs, 'web/dist', () => node('scripts/build-web.mjs'));
}

function buildDist() {
  const sources = COMPILED.flatMap(filesOf).filter((path) => /\.(ts|json)$/.test(path));
  const inputs = [...sources, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  return build('dist', 'TypeScript to dist', inputs, BIN, () => {
    // Built beside and swapped in: an interrupted build leaves the old one whole, and a deleted source leaves no ghost.
    const next = `dist.next-${process.pid}`;
    rmSync(next, { recursive: true, force: true });
    try {
      node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', next);
      chmodSync(join(next, 'api', 'plimsoll.js'), 0o755);
      rmSync('dist', { recursive: true, force: true });
      renameSync(next, 'dist');
    } finally {
      rmSync(next, { recursive: true, force: true });
    }
  });
}

function build(name, says, inputs, output, work) {
  const record = join(BUILT, name);
  const hash = hashOf(inputs);
  if (existsSync(output) && existsSync(record) && readFileSync(record, 'utf8') === hash) return false;
  step(name, says, work);
  mkdirSync(BUILT, { recursive: true });
  writeFileSync(record, hash);
  return true;
}

function step(name, says, work) {
  const began = Date.now();
  say(`${name}: ${says} …`);
  work();
  say(`${name}: done in ${seconds(began)} s`);
}

function node(file, ...args) {
  const { status } = spawnSync(process.execPath, [file, ...args], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${file} failed; see the lines above.`);
}

/** Every file below `folder`, sorted, with forward slashes. */
function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .split(sep)
        .join('/'),
    )
    .sort();
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

function seconds(began) {
  return ((Date.now() - began) / 1000).toFixed(1);
}

function say(text) {
  process.stderr.write(`setup  ${text}\n`);
}
