/**
 * Large files: ten million rows through the file reader, as long CSV, gzip CSV and Parquet. `npx tsx evidence/large-files.ts [rows]`
 *
 * Files are made once in the system's temporary folder (seeded: the same bytes each time) and read in a process of their own, whose
 * largest resident size is what the table says. Figures go to docs/evidence/large-files.md.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { align } from '../datasets/align.ts';
import { readSeries } from '../datasets/sources/files.ts';

const ASSETS = 20;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2023, 0, 1);
const LINES_A_CHUNK = 5000;

type Reading = {
  readonly seconds: number;
  readonly peakMb: number;
  readonly restMb: number;
  readonly rows: number;
  readonly assets: number;
  readonly checksum: number;
};

/** Rows by time, then asset: the order in which venues publish, and the worst for a reader that sorts by asset. */
function* csv(rows: number): Generator<string> {
  yield 'time,asset,open,high,low,close,volume\n';
  const prices = Array.from({ length: ASSETS }, (_, asset) => 10 * (asset + 1));
  let state = 20_261_122;
  let chunk: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    const asset = row % ASSETS;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const open = prices[asset]!;
    const close = open * (1 + 0.002 * (state / 2 ** 32 - 0.5));
    prices[asset] = close;
    const time = START_MS + Math.floor(row / ASSETS) * MINUTE_MS;
    chunk.push(
      `${time},A${asset},${open.toFixed(6)},${(1.001 * Math.max(open, close)).toFixed(6)},${(0.999 * Math.min(open, close)).toFixed(6)},${close.toFixed(6)},${state % 1000}\n`,
    );
    if (chunk.length < LINES_A_CHUNK) continue;
    yield chunk.join('');
    chunk = [];
  }
  yield chunk.join('');
}

async function made(path: string, make: (path: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  const [folder, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
  const beside = join(folder, `making-${name}`);
  await make(beside);
  renameSync(beside, path);
  return path;
}

async function files(rows: number): Promise<readonly string[]> {
  const folder = join(tmpdir(), `plimsoll-large-${rows}`);
  mkdirSync(folder, { recursive: true });
  const plain = await made(join(folder, 'long.csv'), (path) => pipeline(Readable.from(csv(rows)), createWriteStream(path)));
  const zipped = await made(join(folder, 'zipped.csv.gz'), (path) =>
    pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(path)),
  );
  const parquet = await made(join(folder, 'long.parquet'), async (path) => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
    const connection = await instance.connect();
    await connection.run(`COPY (SELECT * FROM read_csv('${plain}')) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
    connection.closeSync();
    instance.closeSync();
  });
  return [plain, zipped, parquet];
}

/** In a process of its own: what it used at most is then known. */
async function measure(path: string, isAligned: boolean): Promise<Reading> {
  const before = performance.now();
  const { series, sources } = await readSeries(path);
  if (isAligned) align(series, { quote: 'USD', sources, simulated: false, stepSeconds: 3600 });
  const seconds = (performance.now() - before) / 1000;
  let rows = 0;
  let checksum = 0;
  for (const { close } of series) {
    rows += close.length;
    for (const price of close) checksum += price;
  }
  const peakMb = process.resourceUsage().maxRSS / 1024;
  return { seconds, peakMb, restMb: (rows * 6 * 8) / 2 ** 20, rows, assets: series.length, checksum };
}

async function table(rows: number): Promise<string> {
  const lines = [
    `# Large files`,
    '',
    `Made by \`npx tsx evidence/large-files.ts ${rows}\`: ${rows.toLocaleString('en')} rows of ${ASSETS} assets, by minute. \`result\` is the size of the six columns that`,
    'the reader gives back; `peak` is the largest resident size of the process that read them, program included. Seconds are those of a machine that was busy with other work.',
    '',
    '| file | size MB | seconds | peak MB | result MB | peak − result MB |',
    '|---|---|---|---|---|---|',
  ];
  const sums = new Set<string>();
  const paths = await files(rows);
  for (const [path, ...aligned] of [...paths.map((one) => [one]), [paths.at(-1)!, '--align']] as [string, ...string[]][]) {
    const own = JSON.parse(
      execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), '--read', path, ...aligned], { encoding: 'utf8' }),
    ) as Reading;
    if (own.rows !== rows || own.assets !== ASSETS) throw new Error(`${path}: ${own.rows} rows of ${own.assets} assets`);
    sums.add(own.checksum.toPrecision(12));
    const mb = (statSync(path).size / 2 ** 20).toFixed(0);
    lines.push(
      `| \`${path.slice(path.lastIndexOf('/') + 1)}\`${aligned.length === 0 ? '' : ', aligned to hours'} | ${mb} | ${own.seconds.toFixed(1)} | ${own.peakMb.toFixed(0)} | ${own.restMb.toFixed(0)} | ${(own.peakMb - own.restMb).toFixed(0)} |`,
    );
  }
  if (sums.size !== 1) throw new Error(`the files were read differently: ${[...sums].join(', ')}`);
  return `${lines.join('\n')}\n`;
}

const [first = '10000000', path, aligned] = process.argv.slice(2);
if (first === '--read') process.stdout.write(JSON.stringify(await measure(path!, aligned !== undefined)));
else {
  const text = await table(Number(first));
  mkdirSync('docs/evidence', { recursive: true });
  writeFileSync('docs/evidence/large-files.md', text);
  process.stdout.write(text);
}
