/** `plimsoll data pull-rounds` and `pull-prices`: what oracles said, Chainlink's from a chain, Pyth's from a Hermes server. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as Words from './data-words.ts';
import { print, printJson, say, table, untilInterrupted, wholeNumber } from './terminal.ts';

type RoundsFlags = {
  readonly rpc: string;
  readonly feed: Words.Named;
  readonly from: number;
  readonly block?: bigint;
  readonly perSecond: number;
  readonly out: string;
  readonly json?: boolean;
};
type PricesFlags = {
  readonly feed: Words.Named;
  readonly from: number;
  readonly to?: number;
  readonly step: number;
  readonly address: string;
  readonly perSecond: number;
  readonly out: string;
  readonly json?: boolean;
};

export function add(data: Command): void {
  data
    .command('pull-rounds')
    .description('Rounds of Chainlink feeds in USD from a chain, at one block; started again it goes on where it stopped')
    .requiredOption('--rpc <url>', "a node's address; old rounds need no archive, an old --block does")
    .requiredOption('--feed <asset=address>', "the feed's proxy; may be repeated", Words.collectFeed(40))
    .requiredOption('--from <time>', 'first round, ISO 8601', Words.moment)
    .option('--block <n>', 'block to read at (default: that of a pull that was cut, else the newest)', Words.block)
    .option('--per-second <n>', 'requests a second', wholeNumber(1, 1000), 10)
    .option('--out <dir>', 'folder to write to', 'rounds')
    .option('--json', 'what was written as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll data pull-rounds --rpc http://127.0.0.1:8545 --feed ETH=0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419 --from 2023-01-01\n  $ plimsoll data inspect ./rounds --step 3600\n',
    )
    .action(rounds);
  data
    .command('pull-prices')
    .description('Past prices of Pyth feeds in USD, one a step; started again it goes on where it stopped')
    .requiredOption('--feed <asset=id>', 'the price feed, 64 hex digits; may be repeated', Words.collectFeed(64))
    .requiredOption('--from <time>', 'first step, ISO 8601', Words.moment)
    .option('--to <time>', 'end of the last step (default: now)', Words.moment)
    .option('--step <seconds>', 'a request a step', wholeNumber(1), 3600)
    .option('--address <url>', 'a Hermes server; its key is read from PYTH_API_KEY', Words.url, 'https://hermes.pyth.network')
    .option('--per-second <n>', 'requests a second', wholeNumber(1, 1000), 2)
    .option('--out <dir>', 'folder to write to', 'prices')
    .option('--json', 'what was written as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll data pull-prices --feed BTC=0xe62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43 --from 2024-01-01 --to 2024-02-01\n  $ plimsoll data inspect ./prices --step 3600\n',
    )
    .action(prices);
}

async function rounds(flags: RoundsFlags): Promise<void> {
  const Chain = await import('../../datasets/sources/chain.ts');
  const Rounds = await import('../../datasets/sources/rounds.ts');
  const folder = resolve(flags.out);
  const interrupted = untilInterrupted();
  const written: { asset: string; feed: string; description: string; rounds: number; missing: number; phases: number; block: string }[] =
    [];
  try {
    const options = { signal: interrupted.signal, rate: { perSecond: flags.perSecond, burst: flags.perSecond } };
    const newest = await Chain.at(flags.rpc, flags.block, options);
    for (const [asset, feed] of flags.feed) {
      const request = { asset, feed, fromMs: flags.from };
      const begun = flags.block === undefined ? await Rounds.begunAt(folder, request) : undefined;
      const at = begun === undefined ? newest : await Chain.at(flags.rpc, begun, options);
      if (begun !== undefined) say(`${asset}: goes on at block ${begun}`);
      const onPart = (done: number, total: number) => say(`${asset}: part ${done} of ${total}`);
      const { rows, missing, phases, description, block } = await Rounds.pull(at, request, folder, { onPart });
      written.push({ asset, feed, description, rounds: rows, missing, phases, block });
    }
  } finally {
    interrupted.release();
  }
  if (flags.json) return printJson({ folder, written });
  print(
    [
      table(
        ['asset', 'rounds', 'never answered', 'phases', 'block', 'the feed says'],
        written.map((one) => [one.asset, String(one.rounds), String(one.missing), String(one.phases), one.block, one.description]),
      ),
      `\nLook at it  plimsoll data inspect ${flags.out} --step 3600\n`,
    ].join(''),
  );
}

async function prices(flags: PricesFlags): Promise<void> {
  const Http = await import('../../datasets/sources/http.ts');
  const History = await import('../../datasets/sources/pyth-history.ts');
  const folder = resolve(flags.out);
  const interrupted = untilInterrupted();
  const token = process.env['PYTH_API_KEY'];
  const written: { asset: string; feed: string; prices: number; parts: number }[] = [];
  try {
    const rate = { perSecond: flags.perSecond, burst: flags.perSecond };
    const http = Http.open({ signal: interrupted.signal, rate, ...(token ? { token } : {}) });
    for (const [asset, feed] of flags.feed) {
      const request = { asset, feed, stepSeconds: flags.step, fromMs: flags.from, toMs: flags.to ?? http.clock.nowMs() };
      const onPart = (done: number, total: number) => say(`${asset}: part ${done} of ${total}`);
      const { rows, parts } = await History.pull(http, flags.address, request, folder, { onPart });
      written.push({ asset, feed, prices: rows, parts: parts.length });
    }
  } finally {
    interrupted.release();
  }
  if (flags.json) return printJson({ folder, written });
  print(
    [
      table(
        ['asset', 'prices', 'parts'],
        written.map((one) => [one.asset, String(one.prices), String(one.parts)]),
      ),
      `\nLook at it  plimsoll data inspect ${flags.out} --step ${flags.step}\n`,
    ].join(''),
  );
}
