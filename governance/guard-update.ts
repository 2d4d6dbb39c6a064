/**
 * From advice to the update that attestors sign: one asset, from what the market holds to what was advised, bound to the evidence, the price it
 * used, the policy and the next nonce. What the guard would refuse is refused here first, under the same names, as a value.
 */
import type { Client } from 'viem';
import { getBlock, readContract } from 'viem/actions';
import type { Id } from '../base/id.ts';
import { toHex } from '../base/id.ts';
import { BPS_ONE, toUnitsDown } from '../base/units.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { AssetAdvice, Recommendation } from '../tuner/recommendation.ts';
import { exposed } from './exposure.ts';
import * as Guard from './guard.ts';
import { ABI } from './guard-abi.ts';
import * as GuardLimits from './guard-limits.ts';
import * as GuardPolicy from './guard-policy.ts';
import type * as Words from './targets/words.ts';

export type Wanted = {
  readonly asset: string;
  /** The market's key of it: the token's address in the low 20 bytes on Aave. */
  readonly key: Words.Hex;
  readonly recommendation: Recommendation;
  readonly state: ProtocolState;
  readonly evidenceRoot: Id;
  readonly guard: Words.Address;
  readonly chainId: number;
  /** Decimals of the oracle that the guard compares with: 8 on Aave. */
  readonly priceDecimals: number;
};

export type Drafted = { readonly kind: 'update'; readonly update: Guard.Update; readonly lane: GuardLimits.Lane };
export type NoUpdate = {
  readonly kind: 'no-update';
  readonly reason: 'unknown-asset' | 'nothing-to-change' | 'state-moved' | 'no-policy' | 'expired' | GuardLimits.Refusal;
  readonly says: string;
};

/** A signed update is good this long at most, whatever the advice: long enough for a slow lane's wait, seconds. */
const LONGEST_SECONDS = 3n * 86_400n;

/** The price is rounded down: nothing depends on its last unit, the guard allows a deviation both ways. */
export async function draft(client: Client, wanted: Wanted): Promise<Drafted | NoUpdate> {
  const { asset, key, recommendation, state, guard } = wanted;
  const advice = recommendation.assets.find((one) => one.asset === asset);
  const row = state.assets.find((one) => one.asset === asset);
  if (advice === undefined || row === undefined) return no('unknown-asset', `The advice has no asset ${asset}.`);
  const [from, status, epoch, { timestamp: nowSeconds }] = await Promise.all([
    Guard.readValues(client, guard, key),
    Guard.readStatus(client, guard, key),
    readContract(client, { address: guard, abi: ABI, functionName: 'epoch' }),
    getBlock(client),
  ]);
  if (BigInt(status.policyHash) === 0n) return no('no-policy', `The guard ${guard} has no policy for ${key}.`);
  const expiresSeconds = BigInt(Math.floor(Date.parse(recommendation.expiresAt) / 1000));
  if (nowSeconds >= expiresSeconds) return no('expired', `The advice expired at ${recommendation.expiresAt}.`);

  // 1. What the advice was made for must be what the market holds; a field that the market does not have (0) stays.
  const to = { ...from };
  for (const { field, before, after } of moves(advice)) {
    if (before === after || from[field] === 0n) continue;
    if (from[field] !== before)
      return no('state-moved', `${asset} has ${field} ${from[field]} on chain; the advice was made for ${before}.`);
    to[field] = after;
  }
  if (Guard.FIELDS.every((field) => from[field] === to[field])) return no('nothing-to-change', `The advice changes nothing of ${asset}.`);

  // 2. Whom it would make liquidatable: by the book of the evidence. A threshold that falls goes by a ramp, a step a day.
  const newlyLiquidatable = exposed(state, new Map([[asset, Number(to.thresholdBps)]])).length;
  const update: Guard.Update = {
    ...{ asset: key, from, to, price: toUnitsDown(row.priceUsd, wanted.priceDecimals), evidenceRoot: toHex(wanted.evidenceRoot) },
    evidenceTime: BigInt(Math.floor(Date.parse(recommendation.asOf) / 1000)),
    deadline: expiresSeconds < nowSeconds + LONGEST_SECONDS ? expiresSeconds : nowSeconds + LONGEST_SECONDS,
    ...{ nonce: status.nonce, epoch, policyHash: status.policyHash, maxNewlyLiquidatable: newlyLiquidatable },
  };

  // 3. The guard's own rules.
  const limits = await GuardPolicy.read(client, guard, key);
  const past = await GuardPolicy.readPast(client, guard, key, limits);
  const ruling = GuardLimits.check(limits, past, { from, to, newlyLiquidatable, nowSeconds });
  if (!ruling.ok)
    return no(ruling.error, `The guard would refuse it: ${ruling.error}${ruling.field === null ? '' : ` of ${ruling.field}`}.`);
  return { kind: 'update', update, lane: ruling.lane };
}

/** One asset's advice in the guard's fields and units; 0 where it says nothing. */
export function moves({
  fields,
}: AssetAdvice): readonly { readonly field: Guard.GuardField; readonly before: bigint; readonly after: bigint }[] {
  const { haircutBps, liquidationThresholdBps, marginMultiplierPpm } = fields;
  const pairs: readonly (readonly [Guard.GuardField, number, number])[] = [
    ['ltvBps', BPS_ONE - (haircutBps?.from ?? 0), BPS_ONE - (haircutBps?.to ?? haircutBps?.from ?? 0)],
    ['thresholdBps', liquidationThresholdBps?.from ?? 0, liquidationThresholdBps?.to ?? liquidationThresholdBps?.from ?? 0],
    ['multiplierPpm', marginMultiplierPpm?.from ?? 0, marginMultiplierPpm?.to ?? marginMultiplierPpm?.from ?? 0],
  ];
  return pairs.map(([field, before, after]) => ({ field, before: BigInt(before), after: BigInt(after) }));
}

function no(reason: NoUpdate['reason'], says: string): NoUpdate {
  return { kind: 'no-update', reason, says };
}
