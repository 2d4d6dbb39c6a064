/** `plimsoll score`: walk-forward scores of every forecaster against the benchmarks. */
import { type Command, InvalidArgumentError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import { endsAt } from '../../datasets/panel.ts';
import { print, printJson, say, table, wholeNumber } from './terminal.ts';

type Flags = {
  readonly from?: string;
  readonly to?: string;
  readonly horizon: number;
  readonly refit: number;
  readonly level?: readonly number[];
  readonly assets?: readonly string[];
  readonly seed: number;
  readonly json?: boolean;
};

const DEFAULT_LEVELS = [0.01];
const HISTORY_DAYS = 180;

export function add(program: Command): void {
  program
    .command('score <panel>')
    .description('Score forecasters of value at risk and shortfall, walking forward through a file or folder of prices')
    .option('--from <time>', 'first origin (default: once 180 days of history are there)')
    .option('--to <time>', 'no bar that ends later is read')
    .option('--horizon <bars>', 'bars ahead; origins are as far apart', wholeNumber(1, 1_000), 24)
    .option('--refit <days>', 'days between estimates of the parameters', wholeNumber(1, 3_650), 7)
    .option('--level <p>', 'probability of a worse return, up to 0.25; may be repeated (default: 0.01)', collectLevel)
    .option('--assets <names>', 'comma between (default: all)', (text) => text.split(',').filter((name) => name !== ''))
    .option('--seed <number>', 'of simulated paths and resampling', wholeNumber(0), 1)
    .option('--json', 'scores as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll score ./hourly --from 2021-01-01 --to 2023-12-31 --horizon 24 --assets BTC,ETH --json\n',
    )
    .action(action);
}

async function action(path: string, flags: Flags): Promise<void> {
  const { moment } = await import('../voyage.ts');
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const { align } = await import('../../datasets/align.ts');
  const Walk = await import('../../models/walk.ts');
  const Contest = await import('../../models/contest.ts');
  const fromMs = flags.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(moment(flags.from, '--from'));
  const asOf = flags.to === undefined ? {} : { asOf: moment(flags.to, '--to') };
  const read = await readSeries(path, { onProgress: (done, all, file) => say(`${done} of ${all}: ${file}`) });
  const panel = align(read.series, { quote: read.quote, sources: read.sources, simulated: false, ...asOf });
  const strangers = flags.assets?.filter((asset) => !panel.assets.includes(asset)) ?? [];
  if (strangers.length > 0)
    throw new NoSuchAssetError({ got: strangers.join(', '), needed: `some of ${panel.assets.join(', ')}`, where: '--assets' });

  const barsPerDay = SECONDS_PER_DAY / panel.stepSeconds;
  const left = panel.excluded.map(({ asset, says }) => ({ asset, says }));
  const walks = (flags.assets ?? panel.assets).flatMap((asset) => {
    const began = performance.now();
    try {
      const walked = Walk.walk(panel, asset, {
        horizonBars: flags.horizon,
        levels: flags.level ?? DEFAULT_LEVELS,
        refitBars: Math.max(1, Math.round(flags.refit * barsPerDay)),
        historyBars: Math.ceil(HISTORY_DAYS * barsPerDay),
        fromMs,
        toMs: Date.parse(endsAt(panel)),
        seed: flags.seed,
        onShare: progressOf(asset),
      });
      say(`${asset} … ${walked.origins.length} origins, ${((performance.now() - began) / 1000).toFixed(1)} s`);
      return [walked];
    } catch (error) {
      if (!(error instanceof Walk.NothingToScoreError)) throw error;
      left.push({ asset, says: error.message });
      say(`${asset} left out: ${error.message}`);
      return [];
    }
  });
  if (walks.length === 0)
    throw new NothingScoredError({ got: left.map(({ asset, says }) => `${asset}: ${says}`).join('; '), needed: 'one asset to score' });

  const origins = walks.flatMap((walked) => [walked.origins[0]!, walked.origins.at(-1)!]);
  const iso = (ms: number) => new Date(ms).toISOString();
  const window = { from: iso(Math.min(...origins)), to: iso(Math.max(...origins) + flags.horizon * panel.stepSeconds * 1000) };
  const rows = walks.flatMap(Contest.rows);
  const pooled = Contest.pooled(walks, flags.seed);
  if (flags.json) {
    printJson({ horizonBars: flags.horizon, window, rows, pooled, left });
    return;
  }
  print(`${flags.horizon} bars ahead, ${window.from} to ${window.to}\n\n`);
  print(
    table(
      ['asset', 'forecaster', 'level', 'n', 'hits', 'Kupiec p', 'Christoffersen p', 'FZ0', 'pinball', 'QLIKE', 'DM p'],
      rows.map((row) => [
        ...[row.asset, row.forecaster, String(row.level), String(row.observations), String(row.hits)],
        ...[row.kupiecP.toFixed(3), row.christoffersenP.toFixed(3), row.fz0.toFixed(4), row.pinball.toFixed(5), row.qlike.toFixed(4)],
        row.dmVsGarchNormalP?.toFixed(4) ?? '',
      ]),
    ),
  );
  if (pooled.length === 0) return;
  print(
    `\n${table(
      ['all assets', 'level', 'origins', 'FZ0', 'DM p', '90 % confidence set'],
      pooled.map((row) => [
        ...[row.forecaster, String(row.level), String(row.origins), row.fz0.toFixed(4), row.dmVsGarchNormalP?.toFixed(4) ?? ''],
        `${row.inConfidenceSet ? 'in' : 'out'}, p ${row.confidenceSetP.toFixed(3)}`,
      ]),
    )}`,
  );
}

/** A line every tenth part. */
function progressOf(asset: string): (share: number) => void {
  let told = 0;
  return (share) => {
    if (share < told + 0.1) return;
    told = share;
    say(`${asset} … ${Math.round(100 * share)} %`);
  };
}

function collectLevel(text: string, before: readonly number[] = []): readonly number[] {
  const level = Number(text);
  if (text.trim() === '' || !(level > 0 && level <= 0.25)) throw new InvalidArgumentError('Needed a number above 0 and up to 0.25.');
  return [...before, level];
}

export class NoSuchAssetError extends PlimsollError {
  override readonly name = 'Score.NoSuchAssetError';
}

export class NothingScoredError extends PlimsollError {
  override readonly name = 'Score.NothingScoredError';
}
