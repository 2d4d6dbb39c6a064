/**
 * Rounds: a Chainlink feed's history into a folder, a part a page of rounds, all read at one block.
 *
 * A pull that was cut goes on at the block it began with, to the same bytes; one that is complete takes the newest the next time and keeps
 * the pages to which no round can come any more.
 */
import type { Hex } from 'viem';
import type * as Chain from './chain.ts';
import * as Chainlink from './chainlink.ts';
import * as Parts from './parts.ts';

export type RoundsRequest = { readonly asset: string; readonly feed: Hex; readonly fromMs: number };
export type RoundsOptions = { readonly pageRounds?: number; readonly onPart?: (done: number, total: number) => void };
export type PulledRounds = Parts.Downloaded & {
  readonly block: string;
  readonly phases: number;
  /** Of the parts read now, not of those already here. */
  readonly missing: number;
  readonly description: string;
};

const HEADER = 'updated_at_ms,price_usd,phase,round';
/** Differ from one pull to the next of the same feed. */
const FREE = ['block', 'state'];

export function placeOf(folder: string, { asset, feed }: RoundsRequest): Parts.Place {
  return { folder, stem: `${asset}-USD_chainlink_${feed.slice(2, 10).toLowerCase()}` };
}

/** The block of a pull that was cut; undefined where the newest will do. */
export async function begunAt(folder: string, request: RoundsRequest): Promise<bigint | undefined> {
  const was = await Parts.requestOf(placeOf(folder, request));
  return was?.['state'] === 'begun' ? BigInt(was['block']!) : undefined;
}

export async function pull(at: Chain.At, wanted: RoundsRequest, folder: string, options: RoundsOptions = {}): Promise<PulledRounds> {
  const { asset, feed: address, fromMs } = wanted;
  const pageRounds = options.pageRounds ?? Chainlink.PAGE;
  const request = { chainId: at.chainId, asset, feed: address.toLowerCase(), fromMs, pageRounds, block: String(at.block) };
  const place = placeOf(folder, wanted);
  const feed = await Chainlink.open(at, asset, address);
  const pages = await Chainlink.plan(at, feed, fromMs, pageRounds);
  const names = pages.map(({ phase, from }) => `p${String(phase).padStart(4, '0')}_r${String(from).padStart(8, '0')}`);
  const known = await Parts.begun(place, { ...request, state: 'begun' }, FREE, () => true);
  const parts = new Map(known.map((part) => [part.file, part]));
  const final = new Map(parts);
  let missing = 0;
  let unfinished = 0;
  for (const [index, page] of pages.entries()) {
    if (!parts.has(Parts.fileOf(place, names[index]!))) {
      const read = await Chainlink.read(at, feed, page);
      const rows = read.rounds.filter(({ atMs }) => atMs >= fromMs);
      const lines = rows.map(({ atMs, priceUsd, phase, number }) => [atMs, priceUsd, phase, number].join(','));
      const part = await Parts.write(place, names[index]!, HEADER, lines);
      missing += read.missing;
      parts.set(part.file, part);
      if (page.isWhole) {
        final.set(part.file, part);
        await Parts.note(place, { ...request, state: 'begun' }, inOrder(final));
      } else unfinished += rows.length;
    }
    options.onPart?.(index + 1, pages.length);
  }
  await Parts.note(place, { ...request, state: 'complete' }, inOrder(final));
  const all = inOrder(parts);
  return {
    parts: all,
    rows: all.reduce((sum, { rows }) => sum + rows, 0),
    unfinished,
    block: request.block,
    phases: new Set(pages.map(({ phase }) => phase)).size,
    missing,
    description: feed.description,
  };
}

function inOrder(parts: ReadonlyMap<string, Parts.Part>): readonly Parts.Part[] {
  return [...parts.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
}
