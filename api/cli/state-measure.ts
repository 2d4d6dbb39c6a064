/** `plimsoll state measure`: a book with depth as it was quoted and options at a quoted volatility, in place of what was declared. */
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import * as Folder from '../folder.ts';
import { say } from './terminal.ts';

type Files = readonly (readonly [asset: string, file: string])[];
type Flags = { readonly depth?: Files; readonly options?: Files; readonly panel?: string; readonly out: string; readonly json?: boolean };

/** What counts as USD when a book or pool is quoted in it. */
const DOLLARS = ['USD', 'USDT', 'USDC', 'DAI', 'USDS', 'FDUSD', 'PYUSD'];

export function add(state: Command, show: (state: ProtocolState, json: boolean) => Promise<void>): void {
  state
    .command('measure <book>')
    .description('Put pulled depth and option volatilities into a book')
    .option('--depth <asset=file>', "of `data pull-depth`, by the book's name of the asset; several of one asset are one market", collect)
    .option('--options <asset=file>', "of `data pull-options`: the book's options of the asset are marked by it", collect)
    .option('--panel <path>', 'price files with volumes: daily volume and volatility, which depth is measured against')
    .option('--out <file>', 'where to write the book', 'measured.json')
    .option('--json', 'summary as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll state measure book.json --depth WETH=depth/kraken_ETH-USD_….json --options WETH=options/deribit_ETH_options_….json --panel ./market --out measured.json\n',
    )
    .action(async (book: string, flags: Flags) => {
      const { readState } = await import('../voyage.ts');
      const { measure } = await import('../../models/measure.ts');
      const StateFile = await import('../../datasets/sources/state-file.ts');
      const state = await readState(book);
      const measured = measure(state, await depths(state, flags), await surfaces(flags));
      const out = resolve(flags.out);
      await Folder.write(dirname(out), out.slice(dirname(out).length + 1), StateFile.write(measured));
      say(`Wrote ${out}`);
      await show(measured, flags.json ?? false);
    });
}

async function depths(state: ProtocolState, { depth = [], panel: path }: Flags) {
  if (depth.length === 0) return [];
  if (path === undefined) {
    throw new MissingPanelError({ got: '--depth without --panel', needed: 'price files with volumes', fix: 'Give --panel.' });
  }
  const Snapshot = await import('../../datasets/sources/snapshot.ts');
  const { readText } = await import('../voyage.ts');
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const { align } = await import('../../datasets/align.ts');
  const { trailingVolume } = await import('../../datasets/reprice.ts');
  const { trailingVolatility } = await import('../../models/liquidity.ts');
  const read = await readSeries(path);
  const panel = align(read.series, {
    quote: read.quote,
    sources: read.sources,
    simulated: false,
    asOf: state.asOf,
    minimumHistorySeconds: 0,
  });
  return await Promise.all(
    depth.map(async ([asset, file]) => {
      const snapshot = Snapshot.parse(await readText(file), Snapshot.DepthSnapshot, file);
      if (!DOLLARS.includes(snapshot.quote)) {
        throw new NotDollarsError({ got: `depth in ${snapshot.quote}`, needed: `one of ${DOLLARS.join(', ')}`, where: file });
      }
      const driver = state.assets.find((one) => one.asset === asset)?.panelAsset ?? asset;
      const dailyVolumeUsd = panel.assets.includes(driver) ? trailingVolume(panel, driver) : null;
      const dailyVolatility = panel.assets.includes(driver) ? trailingVolatility(panel.bars[driver]!, panel.stepSeconds) : 0;
      if (dailyVolumeUsd === null || !(dailyVolatility > 0)) {
        const got = `no volume or no moves of ${driver} in ${path}`;
        throw new MissingPanelError({ got, needed: `bars of ${driver} with volumes up to ${state.asOf}`, where: asset });
      }
      const { id, takenAt } = snapshot;
      return { asset, id, takenAt, ladder: Snapshot.ladderOf(snapshot), dailyVolumeUsd, dailyVolatility };
    }),
  );
}

async function surfaces({ options = [] }: Flags) {
  const Snapshot = await import('../../datasets/sources/snapshot.ts');
  const VolatilitySurface = await import('../../models/volatility-surface.ts');
  const { readText } = await import('../voyage.ts');
  return await Promise.all(
    options.map(async ([asset, file]) => {
      const { id, takenAt, quotes } = Snapshot.parse(await readText(file), Snapshot.OptionQuotes, file);
      const quoted = quotes.flatMap(({ right, strikeUsd, expiresAt, underlyingUsd, markVolatility }) => {
        const volatility = markVolatility ?? 0;
        return volatility > 0 ? [{ right, strikeUsd, expiresMs: Date.parse(expiresAt), forwardUsd: underlyingUsd, volatility }] : [];
      });
      say(`${asset}: fitting ${quoted.length} quotes`);
      return { asset, id, takenAt, surface: VolatilitySurface.fit(quoted, Date.parse(takenAt)) };
    }),
  );
}

function collect(text: string, before: Files = []): Files {
  const [, asset, file] = /^([^=]{1,32})=(.+)$/.exec(text) ?? [];
  if (asset === undefined) throw new InvalidArgumentError('Needed ASSET=FILE.');
  return [...before, [asset, file!]];
}

export class MissingPanelError extends PlimsollError {
  override readonly name = 'StateMeasure.MissingPanelError';
}

export class NotDollarsError extends PlimsollError {
  override readonly name = 'StateMeasure.NotDollarsError';
}
