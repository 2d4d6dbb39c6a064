/**
 * Chainlink: the rounds of a price feed as single prices, page by page, oldest first, at one block.
 *
 * A feed's proxy numbers rounds phase · 2^64 + n: each phase is another aggregator, and n begins at 1 in each. A page is a fixed range of
 * n in one phase, so the same page is the same rounds at whatever later block. A round that was never answered is missing, not zero. An
 * aggregator often answers for a while before its phase begins: phases may overlap in time. Source: Chainlink documentation,
 * "Historical price data"; `AggregatorV3Interface`.
 */
import { type Hex, parseAbi } from 'viem';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Chain from './chain.ts';

export type Feed = {
  readonly asset: string;
  readonly address: Hex;
  readonly decimals: number;
  readonly description: string;
  readonly phase: bigint;
  readonly latest: bigint;
};

/** Rounds `from` to `to` of a phase, both included; `isWhole`: no round can come to it any more. */
export type Page = { readonly phase: bigint; readonly from: bigint; readonly to: bigint; readonly isWhole: boolean };
export type Round = { readonly atMs: number; readonly priceUsd: number; readonly phase: bigint; readonly number: bigint };
/** `missing`: numbered by the feed but never answered. */
export type Rounds = { readonly rounds: readonly Round[]; readonly missing: number };

const PROXY = parseAbi([
  'function decimals() view returns (uint8)',
  'function description() view returns (string)',
  'function phaseAggregators(uint16) view returns (address)',
  'function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
  'function getRoundData(uint80) view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
]);
const AGGREGATOR = parseAbi(['function latestRound() view returns (uint256)']);

const PHASE_BITS = 64n;
/** Two to six weeks of a feed that moves with the market. */
export const PAGE = 600;
/** No feed has had so many; a counter that says so is not one. */
const MOST_ROUNDS = 5_000_000n;
const MOST_PHASES = 1000n;

type RoundData = readonly [roundId: bigint, answer: bigint, startedAt: bigint, updatedAt: bigint, answeredInRound: bigint];

/** Refuses a feed that says it is in another currency than USD. */
export async function open(at: Chain.At, asset: string, address: Hex): Promise<Feed> {
  const [decimals, latest] = (await Chain.readSure(at, [ask(address, 'decimals'), ask(address, 'latestRoundData')])) as [number, RoundData];
  const [description] = await Chain.readAll<string>(at, [ask(address, 'description')]);
  const said = /^([^/]+) \/ ([^/ ]+)$/.exec(description ?? '');
  if (said !== null && said[2] !== 'USD') {
    throw new QuoteError({ got: `a feed of ${quote(description!)}`, needed: 'one in USD', where: `${asset}, feed ${address}` });
  }
  const [phase, number] = [latest[0] >> PHASE_BITS, latest[0] & ((1n << PHASE_BITS) - 1n)];
  if (phase > MOST_PHASES) throw hostile(asset, address, `phase ${phase}`, `at most ${MOST_PHASES} phases`);
  return { asset, address, decimals, description: description ?? '', phase, latest: number };
}

/** Every page with a round of `fromMs` or later, oldest phase first; the first page of a phase may hold earlier ones too. */
export async function plan(at: Chain.At, feed: Feed, fromMs: number, page = PAGE): Promise<readonly Page[]> {
  const found: Page[] = [];
  for (let phase = feed.phase === 0n ? 0n : 1n; phase <= feed.phase; phase += 1n) {
    const isPast = phase < feed.phase;
    const last = isPast ? await lastRound(at, ask(feed.address, 'phaseAggregators', Number(phase))) : feed.latest;
    if (last > MOST_ROUNDS) throw hostile(feed.asset, feed.address, `round ${last}`, `at most ${MOST_ROUNDS} rounds`);
    const size = BigInt(page);
    const pages = Array.from({ length: Math.ceil(Number(last) / page) }, (_, index): Page => {
      const from = BigInt(index) * size + 1n;
      const end = from + size - 1n;
      return { phase, from, to: end < last ? end : last, isWhole: isPast || end <= last };
    });
    found.push(...pages.slice(await firstSince(at, feed, pages, fromMs)));
  }
  return found;
}

export async function read(at: Chain.At, feed: Feed, { phase, from, to }: Page): Promise<Rounds> {
  const numbers = Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index));
  const answers = await Chain.readAll<RoundData>(
    at,
    numbers.map((number) => ask(feed.address, 'getRoundData', (phase << PHASE_BITS) + number)),
  );
  const rounds = answers.flatMap((data, index) => roundOf(at, feed, phase, numbers[index]!, data) ?? []);
  return { rounds, missing: numbers.length - rounds.length };
}

/** Bisection: within a phase time does not go back. A page that nobody answered is looked into, never skipped. */
async function firstSince(at: Chain.At, feed: Feed, pages: readonly Page[], fromMs: number): Promise<number> {
  let [low, high] = [0, pages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { to, from, phase } = pages[middle]!;
    const tail = to - TAIL < from ? from : to - TAIL + 1n;
    const { rounds } = await read(at, feed, { phase, from: tail, to, isWhole: true });
    if ((rounds.at(-1)?.atMs ?? Number.POSITIVE_INFINITY) >= fromMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
const TAIL = 20n;

/** 0 where the phase has no aggregator any more. */
async function lastRound(at: Chain.At, aggregatorOf: Chain.Call): Promise<bigint> {
  const [address] = await Chain.readAll<Hex>(at, [aggregatorOf]);
  if (address === null || address === undefined || BigInt(address) === 0n) return 0n;
  const [round] = await Chain.readAll<bigint>(at, [{ address, abi: AGGREGATOR, functionName: 'latestRound' }]);
  // Where an aggregator numbers rounds as its proxy does, the phase stands above.
  return (round ?? 0n) & ((1n << PHASE_BITS) - 1n);
}

function roundOf(at: Chain.At, feed: Feed, phase: bigint, number: bigint, data: RoundData | null): Round | null {
  if (data === null || data[3] === 0n) return null;
  const [id, answer, , updatedAt] = data;
  const atMs = Number(updatedAt) * 1000;
  if (atMs > at.timeMs)
    throw hostile(feed.asset, feed.address, `round ${id} updated at ${updatedAt}`, `no later than the block's own time`);
  const priceUsd = Number(answer) / 10 ** feed.decimals;
  if (!(priceUsd > 0 && priceUsd <= 1e15))
    throw hostile(feed.asset, feed.address, `round ${id} with the answer ${answer}`, 'a price above 0 and at most 1e15');
  return { atMs, priceUsd, phase, number };
}

function ask(address: Hex, functionName: string, ...args: unknown[]): Chain.Call {
  return { address, abi: PROXY, functionName, args };
}

function hostile(asset: string, feed: Hex, got: string, needed: string): RoundError {
  return new RoundError({ got, needed, where: `${asset}, feed ${feed}` });
}

export class RoundError extends PlimsollError {
  override readonly name = 'Chainlink.RoundError';
}

export class QuoteError extends PlimsollError {
  override readonly name = 'Chainlink.QuoteError';
}
