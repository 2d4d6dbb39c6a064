/** `plimsoll data pull-depth`, `pull-options` and `pull-dvol`: order books, pools, options and the volatility index, as they are quoted. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import type { DepthSnapshot, OptionQuotes } from '../../datasets/sources/snapshot.ts';
import * as Folder from '../folder.ts';
import * as Pull from './data-pull.ts';
import * as Words from './data-words.ts';
import { print, printJson, say, table, untilInterrupted, wholeNumber } from './terminal.ts';

type Pool = { readonly asset: string; readonly quote: string; readonly address: Words.Hex };
type DepthFlags = {
  readonly venue?: readonly Pull.Venue[];
  readonly asset?: readonly string[];
  readonly quote: string;
  readonly address?: Pull.Addresses;
  readonly pool?: readonly Pool[];
  readonly rpc?: string;
  readonly block?: bigint;
  readonly out: string;
  readonly json?: boolean;
};
type DeribitFlags = { readonly asset: readonly ('BTC' | 'ETH')[]; readonly address: string; readonly out: string; readonly json?: boolean };
type DvolFlags = DeribitFlags & { readonly from: number; readonly to?: number; readonly step: string; readonly perSecond: number };

const DERIBIT = 'https://www.deribit.com';
/** Deepest fall of a pool's price that is asked about: beyond the last rung of a ladder. */
const WIDEST = 0.25;

export function add(data: Command): void {
  data
    .command('pull-depth')
    .description('Order books of venues as they are now, Uniswap v3 pools at one block: a sealed file each, for `plimsoll state measure`')
    .addOption(new Option('--venue <names...>', 'order books of these').choices(Pull.NAMES))
    .option('--asset <names...>', 'such as BTC ETH', Words.collectName)
    .option('--quote <currency>', 'the same at every venue', Words.currency, 'USDT')
    .option('--address <venue=url>', 'another address of a venue (a mirror); may be repeated', Pull.collectAddress)
    .option('--pool <pair=address>', 'a Uniswap v3 pool, such as ETH/USDC=0x…; may be repeated', collectPool)
    .option('--rpc <url>', "a node's address, for pools")
    .option('--block <n>', 'block of the pools (default: the newest)', Words.block)
    .option('--out <dir>', 'folder to write to', 'depth')
    .option('--json', 'what was written as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll data pull-depth --venue binance kraken --asset ETH --pool ETH/USDC=0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640 --rpc http://127.0.0.1:8545\n',
    )
    .action(depth);
  const coins = () => new Option('--asset <names...>', 'coins').choices(['BTC', 'ETH']).default(['BTC', 'ETH']);
  data
    .command('pull-options')
    .description("Deribit's options as they are quoted now: a sealed file a coin, for `plimsoll state measure`")
    .addOption(coins())
    .option('--address <url>', 'where Deribit answers', Words.url, DERIBIT)
    .option('--out <dir>', 'folder to write to', 'options')
    .option('--json', 'what was written as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll data pull-options --asset BTC ETH\n')
    .action(options);
  data
    .command('pull-dvol')
    .description("Deribit's volatility index as bars, a fraction a year; started again it goes on where it stopped")
    .addOption(coins())
    .requiredOption('--from <time>', 'first bar, ISO 8601', Words.moment)
    .option('--to <time>', 'end of the last bar (default: now)', Words.moment)
    .addOption(new Option('--step <seconds>', 'length of a bar').choices(['60', '3600', '43200', '86400']).default('3600'))
    .option('--address <url>', 'where Deribit answers', Words.url, DERIBIT)
    .option('--per-second <n>', 'requests a second', wholeNumber(1, 1000), 4)
    .option('--out <dir>', 'folder to write to', 'dvol')
    .option('--json', 'what was written as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll data pull-dvol --asset BTC --from 2023-01-01\n  $ plimsoll data inspect ./dvol\n')
    .action(dvol);
}

type Wanted = { readonly what: string; read(): Promise<DepthSnapshot | OptionQuotes> };

async function depth(flags: DepthFlags): Promise<void> {
  const { venue = [], asset = [], pool = [], rpc } = flags;
  if (pool.length > 0 && rpc === undefined) {
    throw new MissingFlagError({ got: '--pool without --rpc', needed: 'a node to read pools from', fix: 'Give --rpc.' });
  }
  if (pool.length === 0 && venue.length * asset.length === 0) {
    throw new MissingFlagError({ got: 'neither books nor pools', needed: '--venue and --asset, or --pool and --rpc' });
  }
  const Snapshot = await import('../../datasets/sources/snapshot.ts');
  await snapshots(flags, async (http, signal) => {
    const books = venue.flatMap((name) =>
      asset.map(
        (one): Wanted => ({
          what: `${name} ${one}-${flags.quote}`,
          read: async () => {
            const exchange = await Pull.venueAt(name, flags.address?.[name] ?? Pull.VENUES[name].address);
            const book = await exchange.book(http, { asset: one, quote: flags.quote });
            const snapshot = Snapshot.ofBook(book, http.clock.nowMs());
            // A book that is none is refused here, not when it is used.
            Snapshot.ladderOf(snapshot);
            return snapshot;
          },
        }),
      ),
    );
    if (pool.length === 0) return books;
    const Chain = await import('../../datasets/sources/chain.ts');
    const Uniswap = await import('../../datasets/sources/uniswap.ts');
    const at = await Chain.at(rpc!, flags.block, { signal, rate: { perSecond: 10, burst: 10 } });
    const pools = pool.map(
      ({ address, ...pair }): Wanted => ({
        what: `pool ${address.slice(0, 10)} ${pair.asset}-${pair.quote}`,
        read: async () => {
          const read = await Uniswap.readPool(at, address, WIDEST);
          return Snapshot.ofPool(at, read, pair, await Uniswap.sideOf(at, read, pair));
        },
      }),
    );
    return [...books, ...pools];
  });
}

async function options(flags: DeribitFlags): Promise<void> {
  const Deribit = await import('../../datasets/sources/deribit.ts');
  const Snapshot = await import('../../datasets/sources/snapshot.ts');
  await snapshots(flags, async (http) =>
    flags.asset.map(
      (asset): Wanted => ({
        what: `deribit ${asset} options`,
        read: async () => Snapshot.ofOptions(asset, await Deribit.options(http, flags.address, asset)),
      }),
    ),
  );
}

async function snapshots(
  flags: { readonly out: string; readonly json?: boolean },
  wanted: (http: import('../../datasets/sources/http.ts').Http, signal: AbortSignal) => Promise<readonly Wanted[]>,
): Promise<void> {
  const Http = await import('../../datasets/sources/http.ts');
  const Snapshot = await import('../../datasets/sources/snapshot.ts');
  const { mkdir } = await import('node:fs/promises');
  const folder = resolve(flags.out);
  const interrupted = untilInterrupted();
  const written: { what: string; file: string; id: string; takenAt: string; rows: number }[] = [];
  const failed: { what: string; says: string }[] = [];
  try {
    const http = Http.open({ signal: interrupted.signal, rate: { perSecond: 2, burst: 2 } });
    const all = await wanted(http, interrupted.signal);
    await mkdir(folder, { recursive: true });
    for (const [index, { what, read }] of all.entries()) {
      try {
        const snapshot = await read();
        const file = `${what.replaceAll(/[^A-Za-z0-9-]+/g, '_')}_${snapshot.takenAt.replaceAll(/[:.]/g, '')}.json`;
        await Folder.write(folder, file, Snapshot.write(snapshot));
        written.push({ what, file, id: snapshot.id, takenAt: snapshot.takenAt, rows: rowsOf(snapshot) });
        say(`${what}: ${index + 1} of ${all.length}`);
      } catch (error) {
        if (!(error instanceof PlimsollError) || all.length === 1) throw error;
        failed.push({ what, says: `${error.name}: ${error.message}` });
        say(`${what}: ${error.name}: ${error.message}`);
      }
    }
  } finally {
    interrupted.release();
  }
  if (written.length === 0) {
    const got = `${failed.length} failures`;
    throw new Pull.NothingPulledError({ got, needed: 'at least one snapshot', fix: failed[0]?.says ?? '' });
  }
  if (flags.json) return printJson({ folder, written, failed });
  print(
    [
      table(
        ['what', 'taken', 'rows', 'file'],
        written.map((one) => [one.what, one.takenAt, String(one.rows), one.file]),
      ),
      ...failed.map(({ what, says }) => ` ${what}: ${says}\n`),
      '\nUse it  plimsoll state measure BOOK --help\n',
    ].join(''),
  );
}

function rowsOf(snapshot: DepthSnapshot | OptionQuotes): number {
  if (snapshot.kind === 'option-quotes') return snapshot.quotes.length;
  return snapshot.pool?.rungs.length ?? (snapshot.orders?.bids.length ?? 0) + (snapshot.orders?.asks.length ?? 0);
}

async function dvol(flags: DvolFlags): Promise<void> {
  const Http = await import('../../datasets/sources/http.ts');
  const History = await import('../../datasets/sources/dvol-history.ts');
  const folder = resolve(flags.out);
  const interrupted = untilInterrupted();
  const written: { asset: string; bars: number; parts: number; unfinished: number }[] = [];
  try {
    const http = Http.open({ signal: interrupted.signal, rate: { perSecond: flags.perSecond, burst: flags.perSecond } });
    for (const asset of flags.asset) {
      const stepSeconds = Number(flags.step) as 60 | 3600 | 43_200 | 86_400;
      const request = { asset, stepSeconds, fromMs: flags.from, toMs: flags.to ?? http.clock.nowMs() };
      const onPart = (done: number, total: number) => say(`${asset}-DVOL: part ${done} of ${total}`);
      const { rows, parts, unfinished } = await History.pull(http, flags.address, request, folder, { onPart });
      written.push({ asset: `${asset}-DVOL`, bars: rows, parts: parts.length, unfinished });
    }
  } finally {
    interrupted.release();
  }
  if (flags.json) return printJson({ folder, written });
  const rows = written.map((one) => [one.asset, String(one.bars), String(one.unfinished)]);
  print(`${table(['index', 'bars', 'running'], rows)}\nLook at it  plimsoll data inspect ${flags.out}\n`);
}

function collectPool(text: string, before: readonly Pool[] = []): readonly Pool[] {
  const [, asset, quote, address] = /^([A-Za-z0-9]{1,16})\/([A-Za-z0-9]{1,16})=(0x[0-9a-fA-F]{40})$/.exec(text) ?? [];
  if (asset === undefined) throw new InvalidArgumentError('Needed ASSET/QUOTE=0x and 40 hex digits, such as ETH/USDC=0x….');
  return [...before, { asset, quote: quote!, address: address as Words.Hex }];
}

export class MissingFlagError extends PlimsollError {
  override readonly name = 'DataPullMarket.MissingFlagError';
}
