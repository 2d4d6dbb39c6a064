/** `plimsoll data pull`: candles of public venues into a folder that every other command reads. */
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import type { Downloaded } from '../../datasets/sources/download.ts';
import type { Exchange } from '../../datasets/sources/exchange.ts';
import { collectName, currency, moment } from './data-words.ts';
import { print, printJson, say, table, untilInterrupted, wholeNumber } from './terminal.ts';

export type Venue = 'binance' | 'coinbase' | 'kraken';
export type Addresses = Readonly<Partial<Record<Venue, string>>>;
type Flags = {
  readonly venue: readonly Venue[];
  readonly asset: readonly string[];
  readonly quote: string;
  readonly step: number;
  readonly from: number;
  readonly to?: number;
  readonly out: string;
  readonly address?: Addresses;
  readonly json?: boolean;
};

/** Where the venues answer, and how often they may be asked. */
export const VENUES: Readonly<Record<Venue, { readonly address: string; readonly perSecond: number }>> = {
  binance: { address: 'https://api.binance.com', perSecond: 8 },
  coinbase: { address: 'https://api.exchange.coinbase.com', perSecond: 4 },
  kraken: { address: 'https://api.kraken.com', perSecond: 0.9 },
};
export const NAMES = Object.keys(VENUES) as readonly Venue[];

export function add(data: Command): void {
  data
    .command('pull')
    .description('Candles of public venues into a folder; started again it goes on where it stopped')
    .addOption(new Option('--venue <names...>', 'several venues of one asset are a quorum').choices(NAMES).default(['binance']))
    .requiredOption('--asset <names...>', 'such as BTC ETH', collectName)
    .option('--quote <currency>', 'the same at every venue', currency, 'USDT')
    .option('--step <seconds>', 'length of a bar', wholeNumber(60), 3600)
    .requiredOption('--from <time>', 'first bar, ISO 8601', moment)
    .option('--to <time>', 'end of the last bar (default: now)', moment)
    .option('--out <dir>', 'folder to write to', 'market')
    .option('--address <venue=url>', 'another address of a venue (a mirror); may be repeated', collectAddress)
    .option('--json', 'what was written as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll data pull --venue binance coinbase kraken --asset BTC ETH --from 2022-01-01 --out ./market\n  $ plimsoll run --panel ./market\n',
    )
    .action(action);
}

async function action(flags: Flags): Promise<void> {
  const Http = await import('../../datasets/sources/http.ts');
  const { download } = await import('../../datasets/sources/download.ts');
  const interrupted = untilInterrupted();
  const written: { venue: Venue; asset: string; bars: number; parts: number; unfinished: number; notes: readonly string[] }[] = [];
  const failed: { venue: Venue; asset: string; says: string }[] = [];
  try {
    for (const name of flags.venue) {
      const { address, perSecond } = VENUES[name];
      const exchange = await venueAt(name, flags.address?.[name] ?? address);
      const http = Http.open({ signal: interrupted.signal, rate: { perSecond, burst: Math.max(1, perSecond) } });
      for (const asset of flags.asset) {
        const request = { asset, quote: flags.quote, stepSeconds: flags.step, fromMs: flags.from, toMs: flags.to ?? http.clock.nowMs() };
        try {
          const onPart = (done: number, total: number) => say(`${name} ${asset}: part ${done} of ${total}`);
          written.push({ venue: name, asset, ...told(await download(http, exchange, request, resolve(flags.out), { onPart })) });
        } catch (error) {
          // One venue that does not answer is what a quorum is for; the others go on.
          if (!(error instanceof PlimsollError) || flags.venue.length * flags.asset.length === 1) throw error;
          failed.push({ venue: name, asset, says: `${error.name}: ${error.message}` });
          say(`${name} ${asset}: ${error.name}: ${error.message}`);
        }
      }
    }
  } finally {
    interrupted.release();
  }
  if (written.length === 0) {
    throw new NothingPulledError({
      got: `${failed.length} failures`,
      needed: 'at least one pair from one venue',
      fix: failed[0]?.says ?? '',
    });
  }
  if (flags.json) printJson({ folder: resolve(flags.out), written, failed });
  else print(forPeople(flags, written, failed));
}

function told({ parts, rows, unfinished, notes }: Downloaded) {
  return { bars: rows, parts: parts.length, unfinished, notes };
}

export async function venueAt(name: Venue, address: string): Promise<Exchange> {
  if (name === 'binance') return (await import('../../datasets/sources/binance.ts')).binance(address);
  if (name === 'coinbase') return (await import('../../datasets/sources/coinbase.ts')).coinbase(address);
  return (await import('../../datasets/sources/kraken.ts')).kraken(address);
}

function forPeople(
  flags: Flags,
  written: readonly { venue: Venue; asset: string; bars: number; unfinished: number; notes: readonly string[] }[],
  failed: readonly { venue: Venue; asset: string; says: string }[],
): string {
  const rows = written.map(({ venue, asset, bars, unfinished }) => [venue, asset, String(bars), String(unfinished)]);
  return [
    table(['venue', 'asset', 'bars', 'running'], rows),
    ...written.flatMap(({ notes }) => notes.map((note) => ` ${note}\n`)),
    ...failed.map(({ venue, asset, says }) => ` ${venue} ${asset}: ${says}\n`),
    `\nLook at it  plimsoll data inspect ${join(flags.out)}\n`,
  ].join('');
}

export function collectAddress(text: string, before: Addresses | undefined): Addresses {
  const [, name, address] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (!NAMES.includes(name as Venue) || address === undefined || !URL.canParse(address)) {
    throw new InvalidArgumentError(`Needed VENUE=URL, a venue of ${NAMES.join(', ')}.`);
  }
  return { ...before, [name as Venue]: address };
}

export class NothingPulledError extends PlimsollError {
  override readonly name = 'DataPull.NothingPulledError';
}
