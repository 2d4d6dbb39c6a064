/** A real Aave v3 market with the book's terms, whose risk administrators are a real Safe, two of three, and a timelock that it proposes to. */
import { type Hex, zeroAddress } from 'viem';
import type { ProtocolState } from '../../datasets/state.ts';
import * as Artifacts from '../../governance/contracts/artifacts.ts';
import { draftAt, type Place } from '../../governance/draft-venue.ts';
import * as Road from '../../governance/road.ts';
import { targetOf, Venue } from '../../governance/venue.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';
import type { Field } from '../../tuner/policy.ts';
import type { Recommendation } from '../../tuner/recommendation.ts';
import { borrow, type Market, market, supply, type Terms } from '../datasets/sources/aave-market.ts';
import { type Ledger, ledger } from '../datasets/sources/ledger.ts';
import { advised, ROOT, state } from './book.ts';
import * as Safes from './safes.ts';

const TERMS: readonly Terms[] = [
  { symbol: 'WETH', decimals: 18, priceUsd: 1_800, ltvBps: 8_050, thresholdBps: 8_300, bonusBps: 500 },
  { symbol: 'WBTC', decimals: 8, priceUsd: 34_000, ltvBps: 7_300, thresholdBps: 7_800, bonusBps: 500 },
  { symbol: 'USDC', decimals: 6, priceUsd: 1, ltvBps: 7_700, thresholdBps: 8_000, bonusBps: 450 },
];
const CHAIN_ID = 31_337;
export const DELAY_SECONDS = 2 * 86_400;
export const OWNERS = [1, 2, 3].map(Safes.key);

export type Stand = Awaited<ReturnType<typeof stand>>;

/** From the second of the book on, so that advice about it has not expired. */
export async function stand() {
  const chain = await ledger(Date.parse(state().asOf) / 1000);
  const aave = await market(chain, TERMS);
  const [weth, wbtc, usdc] = aave.tokens as [Market['tokens'][number], Market['tokens'][number], Market['tokens'][number]];
  for (const { address } of [weth, wbtc, usdc]) await chain.send(aave.configurator, 'setBorrowCap', [address, 1_000_000]);
  const makers = await Safes.makers(chain);
  const safe = await Safes.create(
    chain,
    makers,
    OWNERS.map(({ address }) => address),
    2,
  );
  await chain.send(aave.acl, 'addRiskAdmin', [safe.address]);
  // The Safe may schedule, anybody may execute, nobody administers but the timelock itself.
  const timelock = await chain.deploy({ ...Artifacts.TIMELOCK, linkReferences: {} }, [
    BigInt(DELAY_SECONDS),
    [safe.address],
    [zeroAddress],
    zeroAddress,
  ]);
  await chain.send(aave.acl, 'addRiskAdmin', [timelock.address]);
  const parameters = {
    target: 'aave-v3-configurator',
    chainId: CHAIN_ID,
    pool: aave.pool.address,
    configurator: aave.configurator.address,
    assets: { WETH: weth.address, WBTC: wbtc.address, USDC: usdc.address },
  };
  const route = { route: 'safe', safe: safe.address, multiSend: makers.multiSend.address };
  const throughSafe = Venue.parse({ parameters, route });
  const throughTimelock = Venue.parse({
    parameters,
    route: { ...route, timelock: { address: timelock.address, delaySeconds: DELAY_SECONDS } },
  });
  const direct = (from: Hex | null) => Venue.parse({ parameters, route: { route: 'direct', from } });
  return { chain, aave, weth, wbtc, usdc, makers, safe, timelock, parameters, throughSafe, throughTimelock, direct };
}

/** The book of the chain: its caps, its number, and these moves and no other as advice. */
export function advice(moves: Readonly<Record<string, Partial<Record<Field, number>>>>): {
  readonly book: ProtocolState;
  readonly advised: Recommendation;
} {
  const assets = state().assets.map((item) => ({ ...item, parameters: { ...item.parameters, borrowCapTokens: 1_000_000 } }));
  const book = state({ chainId: CHAIN_ID, assets });
  return { book, advised: advised(book, moves) };
}

export async function place(chain: Ledger, venue: Venue): Promise<Place> {
  const held = await targetOf(venue.parameters).read(chain.client, venue.parameters);
  return { venue, held, road: await Road.read(chain.client, venue.route) };
}

/** Drafted from what the chain holds. */
export async function drafted(chain: Ledger, venue: Venue, moves: Parameters<typeof advice>[0]): Promise<VenueProposal> {
  const { book, advised } = advice(moves);
  const proposal = draftAt(advised, book, await place(chain, venue), ROOT);
  if (proposal.kind !== 'venue-proposal') throw new Error(`${proposal.reason}: ${proposal.says}`);
  return proposal;
}

/** WETH against USDC, at a health of 18,000 × 0.83 / debt. */
export async function borrower({ chain, aave, weth, usdc }: Stand, debtUsd: number): Promise<Hex> {
  const [, bank, user] = chain.accounts as [Hex, Hex, Hex];
  await supply(chain, aave, usdc, 1_000_000, bank);
  await supply(chain, aave, weth, 10, user);
  await borrow(chain, aave, usdc, debtUsd, user);
  return user;
}
