/** A real Aave v3 market, a real timelock, and a guard between them: three attestors, of whom two must sign. */
import { encodeFunctionData, type Hex, pad, parseAbi, toHex, zeroAddress, zeroHash } from 'viem';
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import * as Artifacts from '../../../governance/contracts/artifacts.ts';
import * as Guard from '../../../governance/guard.ts';
import { ABI } from '../../../governance/guard-abi.ts';
import * as GuardDeploy from '../../../governance/guard-deploy.ts';
import type { FieldLimit } from '../../../governance/guard-limits.ts';
import { type GuardPolicy, hashOf } from '../../../governance/guard-policy.ts';
import * as GuardTerms from '../../../governance/guard-terms.ts';
import { whyRefused } from '../../../governance/node.ts';
import { borrow, type Market, market, supply, type Terms } from '../../datasets/sources/aave-market.ts';
import { type Ledger, ledger } from '../../datasets/sources/ledger.ts';
import { policy, terms } from './terms.ts';

export const DAY = 86_400;
export const ROOT: Hex = pad('0xe1', { size: 32 });
const TIMELOCK_DELAY = 2n * BigInt(DAY);
const TERMS: readonly Terms[] = [
  { symbol: 'WETH', decimals: 18, priceUsd: 2_000, ltvBps: 7_500, thresholdBps: 8_000, bonusBps: 500 },
  { symbol: 'USDC', decimals: 6, priceUsd: 1, ltvBps: 7_500, thresholdBps: 8_000, bonusBps: 400 },
];
const CAP: FieldLimit = {
  ...{ min: 1_000n, max: 200_000n, below: 100_000n, above: 100_000n, stepUp: 10_000n, stepDown: Guard.UNCAPPED, cooldownSeconds: 86_400n },
  budgets: [{ windowSeconds: 2_592_000n, up: 30_000n, down: Guard.UNCAPPED }],
};
const BONUS: FieldLimit = {
  ...{ min: 300n, max: 900n, below: 200n, above: 200n, stepUp: 25n, stepDown: 25n, cooldownSeconds: 604_800n },
  budgets: [{ windowSeconds: 2_592_000n, up: 50n, down: 50n }],
};
/** Returns (1, slot 0, slot 1, slot 2, 1): a Chainlink round. */
const FEED_CODE: Hex = '0x60015f525f54602052600154604052600254606052600160805260a05ff3';
const FEED = terms().feed;
const NOTHING: Guard.Values = Guard.byField(() => 0n);
const TIMELOCK_ABI = parseAbi([
  'function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)',
  'function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) payable',
]);

export type Guarded = Awaited<ReturnType<typeof guarded>>;

/** Another market: its reserves, from when on. Every one with collateral terms is the guard's, by LTV and threshold; nobody has borrowed. */
export type Elsewhere = { readonly terms: readonly Terms[]; readonly genesisSeconds: number };

export async function guarded(elsewhere: Elsewhere | null = null) {
  const chain = await ledger(elsewhere?.genesisSeconds);
  const aave = await market(chain, elsewhere?.terms ?? TERMS);
  const [deployer, proposer, guardian, relayer, bank, borrower] = chain.accounts as [Hex, Hex, Hex, Hex, Hex, Hex];
  const keys = [1, 2, 3].map(() => privateKeyToAccount(generatePrivateKey()));
  const weth = aave.tokens[0]!;
  const asset = keyOf(weth.address);
  if (elsewhere === null) {
    await chain.send(aave.configurator, 'setSupplyCap', [weth.address, 100_000]);
    await chain.send(aave.configurator, 'setBorrowCap', [weth.address, 100_000]);
    await positions(chain, aave, bank, borrower);
  }

  // Governance is a timelock; the market's own administrator steps back behind it.
  const timelock = await chain.deploy({ ...Artifacts.TIMELOCK, linkReferences: {} }, [
    TIMELOCK_DELAY,
    [proposer],
    [zeroAddress],
    zeroAddress,
  ]);
  await chain.send(aave.acl, 'grantRole', [zeroHash, timelock.address]);
  const plan: GuardDeploy.Plan = {
    market: { kind: 'aave-v3', provider: aave.provider.address },
    ...{ timelock: timelock.address, guardian, attestors: keys.map(({ address }) => address), quorum: 2, sequencer: null },
  };
  const gas: Record<string, bigint> = {};
  const send = async ({ what, data }: GuardDeploy.Creation) => {
    const hash = await chain.rpc('eth_sendTransaction', { from: deployer, data, gas: toHex(15_000_000) });
    gas[what] = (await chain.receipt(hash as Hex)).gasUsed;
  };
  const deployment = await GuardDeploy.deploy(chain.client, send, plan, deployer);
  const guardPolicy: GuardPolicy = GuardTerms.fromTuner(policy, 'WETH', {
    ...terms(),
    baseline: {
      ltvBps: 7_500n,
      thresholdBps: 8_000n,
      bonusBps: 500n,
      multiplierPpm: 0n,
      supplyCapTokens: 100_000n,
      borrowCapTokens: 100_000n,
    },
    corridor: { ltvBps: 3_000n, thresholdBps: 1_000n },
    fields: { bonusBps: BONUS, supplyCapTokens: CAP, borrowCapTokens: CAP },
  });

  const now = async () => Number((await chain.client.getBlock()).timestamp);
  /** Time passes; the feed is asked to be alive. */
  const tick = async (seconds: number) => {
    await chain.rpc('evm_increaseTime', seconds);
    await chain.rpc('evm_mine');
    await feed(2_000n * 10n ** 8n, await now());
  };
  const feed = async (answer: bigint, updatedAt: number) => {
    await chain.rpc('anvil_setCode', FEED, FEED_CODE);
    for (const [slot, value] of [answer, 0n, BigInt(updatedAt)].entries()) {
      await chain.rpc('anvil_setStorageAt', FEED, pad(toHex(slot), { size: 32 }), pad(toHex(value), { size: 32 }));
    }
  };
  /** Through the timelock, delay and all. */
  const govern = async (calls: readonly { readonly to: Hex; readonly data: Hex }[]) => {
    const salt = pad(toHex(await now()), { size: 32 });
    const batch = [calls.map(({ to }) => to), calls.map(() => 0n), calls.map(({ data }) => data), zeroHash, salt] as const;
    const schedule = encodeFunctionData({ abi: TIMELOCK_ABI, functionName: 'scheduleBatch', args: [...batch, TIMELOCK_DELAY] });
    await transact(proposer, timelock.address, schedule);
    await tick(Number(TIMELOCK_DELAY));
    await transact(relayer, timelock.address, encodeFunctionData({ abi: TIMELOCK_ABI, functionName: 'executeBatch', args: batch }));
  };
  const transact = async (from: Hex, to: Hex, data: Hex) => {
    const hash = (await chain.rpc('eth_sendTransaction', { from, to, data, gas: toHex(5_000_000) })) as Hex;
    const receipt = await chain.receipt(hash);
    if (receipt.status !== 'success') throw new Error(await whyRefused(chain.client, from, to, data));
    return receipt;
  };
  const { guard } = deployment;
  const domain = { chainId: chain.client.chain!.id, guard };
  const held = () => Guard.readValues(chain.client, guard, asset);
  /** A fresh update from what is held. */
  const update = async (to: Partial<Guard.Values>, rest: Partial<Guard.Update> = {}): Promise<Guard.Update> => {
    const [from, { nonce, policyHash }, seconds] = await Promise.all([held(), Guard.readStatus(chain.client, guard, asset), now()]);
    const epoch = await chain.client.readContract({ address: guard, abi: ABI, functionName: 'epoch' });
    return {
      ...{ asset, from, to: { ...from, ...to }, price: 2_000n * 10n ** 8n, evidenceRoot: ROOT, evidenceTime: BigInt(seconds) },
      ...{ deadline: BigInt(seconds + 2 * DAY), nonce, epoch, policyHash, maxNewlyLiquidatable: 0, ...rest },
    };
  };
  const attest = (one: Guard.Update, by: readonly PrivateKeyAccount[] = keys.slice(0, 2), where: Guard.Domain = domain) =>
    Promise.all(by.map(async (key) => ({ signer: key.address, signature: await key.signTypedData(Guard.typedData(one, where)) })));
  const submit = async (one: Guard.Update) => transact(relayer, guard, Guard.submitData(one, await attest(one)));
  const execute = (one: Guard.Update) => transact(relayer, guard, Guard.executeData(one));
  /** The name of the revert, or null. */
  const refusal = async (data: Hex, from: Hex = relayer, to: Hex = guard) => {
    const reason = await whyRefused(chain.client, from, to, data);
    return reason === 'no revert when asked again' ? null : reason;
  };
  const stand = {
    chain,
    aave,
    weth,
    asset,
    timelock,
    guardian,
    relayer,
    borrower,
    keys,
    plan,
    deployment,
    guard,
    guardPolicy,
    domain,
    gas,
  };
  const acts = { now, tick, feed, govern, transact, held, update, attest, submit, execute, refusal };

  await tick(0);
  const leaseUntilSeconds = (await now()) + 90 * DAY;
  const policies =
    elsewhere === null
      ? [{ asset, says: 'WETH', policy: guardPolicy }]
      : elsewhere.terms.map((one, index) => ({
          asset: keyOf(aave.tokens[index]!.address),
          says: one.symbol,
          policy: GuardTerms.fromTuner(policy, one.symbol, {
            ...terms(),
            baseline: { ...NOTHING, ltvBps: BigInt(one.ltvBps), thresholdBps: BigInt(one.thresholdBps), bonusBps: BigInt(one.bonusBps) },
            corridor: { ltvBps: 3_000n, thresholdBps: 1_000n },
          }),
        }));
  const leased = policies.map((one) => ({ ...one, leaseUntilSeconds }));
  await govern(await GuardDeploy.grants(chain.client, deployment, plan, leased));
  return { ...stand, ...acts, policyHash: hashOf(guardPolicy), policies };
}

export function keyOf(token: Hex): Hex {
  return pad(token, { size: 32 }).toLowerCase() as Hex;
}

/** A bank, and a borrower whose health is 20,000 × 0.8 / 14,900 = 1.074. */
async function positions(chain: Ledger, aave: Market, bank: Hex, borrower: Hex): Promise<void> {
  const [weth, usdc] = aave.tokens as [Market['tokens'][number], Market['tokens'][number]];
  await supply(chain, aave, usdc, 1_000_000, bank);
  await supply(chain, aave, weth, 10, borrower);
  await borrow(chain, aave, usdc, 14_900, borrower);
}
