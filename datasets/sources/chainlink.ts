/**
 * Chainlink: the rounds of a price feed as a series of single prices, newest to oldest in pages, at one block.
 *
 * A feed's proxy numbers rounds phase · 2^64 + n: each phase is another aggregator, and n begins at 1 in each. So going back means
 * n − 1, and below 1 the last round of the phase before. A round that was never answered is missing, not zero. Source: Chainlink
 * documentation, "Historical price data"; `AggregatorV3Interface`.
 */
import { type Hex, parseAbi } from 'viem';
import { PlimsollError } from '../../base/errors.ts';
import type { Series } from '../series.ts';
import * as Chain from './chain.ts';

export type FeedRequest = { readonly asset: string; readonly feed: Hex; readonly fromMs: number };

export type Rounds = {
  readonly series: Series;
  /** Rounds that the feed numbers but never answered. */
  readonly missing: number;
  readonly phases: number;
  readonly description: string;
};

const PROXY = parseAbi([
  'function decimals() view returns (uint8)',
  'function description() view returns (string)',
  'function phaseId() view returns (uint16)',
  'function phaseAggregators(uint16) view returns (address)',
  'function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
  'function getRoundData(uint80) view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
]);
const AGGREGATOR = parseAbi(['function latestRound() view returns (uint256)']);

const PHASE_BITS = 64n;
const PAGE = 200n;
/** No feed has had so many; a counter that says so is not one. */
const MOST_ROUNDS = 5_000_000n;

type RoundData = readonly [roundId: bigint, answer: bigint, startedAt: bigint, updatedAt: bigint, answeredInRound: bigint];
type Round = { readonly atMs: number; readonly price: number };

export async function readRounds(at: Chain.At, { asset, feed, fromMs }: FeedRequest): Promise<Rounds> {
  const ask = (functionName: string, ...args: unknown[]): Chain.Call => ({ address: feed, abi: PROXY, functionName, args });
  const [decimals, latest] = (await Chain.readSure(at, [ask('decimals'), ask('latestRoundData')])) as [number, RoundData];
  const [description] = await Chain.readAll<string>(at, [ask('description')]);
  const rounds: Round[] = [];
  let missing = 0;
  let phases = 0;
  let phase = latest[0] >> PHASE_BITS;
  let number = latest[0] & ((1n << PHASE_BITS) - 1n);
  for (let isDone = false; !isDone && phase >= 0n; ) {
    if (number > MOST_ROUNDS) throw hostile(asset, feed, `round ${number}`, `at most ${MOST_ROUNDS} rounds`);
    phases += 1;
    while (number > 0n && !isDone) {
      const ids = Array.from({ length: Number(number < PAGE ? number : PAGE) }, (_, k) => (phase << PHASE_BITS) + number - BigInt(k));
      const page = await Chain.readAll<RoundData>(
        at,
        ids.map((id) => ask('getRoundData', id)),
      );
      for (const data of page) {
        const round = roundOf(at, asset, feed, decimals, data);
        if (round === null) missing += 1;
        else if (round.atMs < fromMs) isDone = true;
        else rounds.push(round);
      }
      number -= BigInt(ids.length);
    }
    phase -= 1n;
    if (!isDone && phase >= 1n) number = await lastRound(at, ask('phaseAggregators', Number(phase)));
    else if (phase < 1n) break;
  }
  rounds.sort((a, b) => a.atMs - b.atMs);
  const prices = Float64Array.from(rounds, ({ price }) => price);
  const unknown = new Float64Array(rounds.length).fill(Number.NaN);
  const timesMs = Float64Array.from(rounds, ({ atMs }) => atMs);
  return {
    series: { asset, source: 'chainlink', timesMs, open: prices, high: prices, low: prices, close: prices, volume: unknown },
    missing,
    phases,
    description: description ?? '',
  };
}

/** 0 where the phase has no aggregator any more. */
async function lastRound(at: Chain.At, aggregatorOf: Chain.Call): Promise<bigint> {
  const [address] = await Chain.readAll<Hex>(at, [aggregatorOf]);
  if (address === null || address === undefined || BigInt(address) === 0n) return 0n;
  const [round] = await Chain.readAll<bigint>(at, [{ address, abi: AGGREGATOR, functionName: 'latestRound' }]);
  return round ?? 0n;
}

function roundOf(at: Chain.At, asset: string, feed: Hex, decimals: number, data: RoundData | null): Round | null {
  if (data === null || data[3] === 0n) return null;
  const [id, answer, , updatedAt] = data;
  const atMs = Number(updatedAt) * 1000;
  if (atMs > at.timeMs) throw hostile(asset, feed, `round ${id} updated at ${updatedAt}`, `no later than the block's own time`);
  const price = Number(answer) / 10 ** decimals;
  if (!(price > 0 && price <= 1e15))
    throw hostile(asset, feed, `round ${id} with the answer ${answer}`, 'a price above 0 and at most 1e15');
  return { atMs, price };
}

function hostile(asset: string, feed: Hex, got: string, needed: string): RoundError {
  return new RoundError({ got, needed, where: `${asset}, feed ${feed}` });
}

export class RoundError extends PlimsollError {
  override readonly name = 'Chainlink.RoundError';
}
