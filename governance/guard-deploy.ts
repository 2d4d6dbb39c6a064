/**
 * Deploy: a guard, its libraries and the adapter of its market, and the calls by which governance hands it its one right.
 *
 * Adapter and guard name each other for good, so the guard's address is computed before it exists: four creations in a row by one
 * account. If another transaction of that account comes between, the guard's constructor refuses. The deploying account has no
 * right over anything: the timelock owns the guard from its first block.
 */
import { type Client, encodeDeployData, encodeFunctionData, getContractAddress, parseAbi, zeroAddress } from 'viem';
import { getTransactionCount, readContract } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import * as Artifacts from './contracts/artifacts.ts';
import { ABI, MARKET_ABI } from './guard-abi.ts';
import { type GuardPolicy, setPolicyData } from './guard-policy.ts';
import type * as Words from './targets/words.ts';

export type Plan = {
  readonly market: MarketPlan;
  readonly timelock: Words.Address;
  readonly guardian: Words.Address;
  readonly attestors: readonly Words.Address[];
  readonly quorum: number;
  /** Chainlink's uptime feed of an L2, and how long after an outage nothing may happen. */
  readonly sequencer: { readonly feed: Words.Address; readonly graceSeconds: number } | null;
};
export type MarketPlan =
  | { readonly kind: 'aave-v3'; readonly provider: Words.Address }
  | { readonly kind: 'registry'; readonly registry: Words.Address };

export type Creation = { readonly what: string; readonly address: Words.Address; readonly data: Words.Hex };
export type Deployment = { readonly guard: Words.Address; readonly market: Words.Address; readonly creations: readonly Creation[] };
/** What governance must do: nobody else can. */
export type Grant = { readonly to: Words.Address; readonly data: Words.Hex; readonly says: string };

/** Four creations by one account, from its next nonce on. */
export function plan(
  { market, timelock, guardian, attestors, quorum, sequencer }: Plan,
  deployer: Words.Address,
  nonce: bigint,
): Deployment {
  const at = (offset: bigint) => getContractAddress({ from: deployer, nonce: nonce + offset });
  const [limits, policies, adapter, guard] = [at(0n), at(1n), at(2n), at(3n)];
  const [artifact, venue] =
    market.kind === 'aave-v3' ? [Artifacts.AAVE_MARKET, market.provider] : [Artifacts.REGISTRY_MARKET, market.registry];
  const ascending = [...attestors].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  const setup = {
    ...{ market: adapter, timelock, guardian, attestors: ascending, quorum: BigInt(quorum) },
    ...{ sequencer: sequencer?.feed ?? zeroAddress, sequencerGraceSeconds: BigInt(sequencer?.graceSeconds ?? 0) },
  };
  const linked = Artifacts.link(Artifacts.GUARD, { Limits: limits, Policies: policies });
  const creations = [
    { what: 'Limits', address: limits, data: Artifacts.LIMITS.bytecode },
    { what: 'Policies', address: policies, data: Artifacts.POLICIES.bytecode },
    { what: `adapter (${market.kind})`, address: adapter, data: encodeDeployData({ ...artifact, args: [guard, venue] }) },
    { what: 'RiskGuard', address: guard, data: encodeDeployData({ ...linked, args: [setup] }) },
  ];
  return { guard, market: adapter, creations };
}

/** Sends the creations through `send`, which returns when one is mined, and reads back who holds what. */
export async function deploy(
  client: Client,
  send: (creation: Creation) => Promise<unknown>,
  what: Plan,
  deployer: Words.Address,
): Promise<Deployment> {
  const { deployment } = await next(client, what, deployer);
  for (const creation of deployment.creations) await send(creation);
  await checkDeployed(client, deployment, what);
  return deployment;
}

/** The four creations by an account as it stands now, those it has sent and nobody mined included. */
export async function next(
  client: Client,
  what: Plan,
  deployer: Words.Address,
): Promise<{ readonly nonce: bigint; readonly deployment: Deployment }> {
  const nonce = BigInt(await getTransactionCount(client, { address: deployer, blockTag: 'pending' }));
  return { nonce, deployment: plan(what, deployer, nonce) };
}

/** Does the guard on chain belong to whom the plan says? */
export async function checkDeployed(client: Client, { guard, market }: Pick<Deployment, 'guard' | 'market'>, what: Plan): Promise<void> {
  const ask = { address: guard, abi: ABI } as const;
  const [owner, guardian, attestors, quorum, adapter, sequencer, bound] = await Promise.all([
    readContract(client, { ...ask, functionName: 'owner' }),
    readContract(client, { ...ask, functionName: 'guardian' }),
    readContract(client, { ...ask, functionName: 'attestors' }),
    readContract(client, { ...ask, functionName: 'quorum' }),
    readContract(client, { ...ask, functionName: 'MARKET' }),
    readContract(client, { ...ask, functionName: 'SEQUENCER' }),
    readContract(client, { address: market, abi: MARKET_ABI, functionName: 'guard' }),
  ]);
  const pairs: readonly (readonly [string, string, string])[] = [
    ['owner', owner, what.timelock],
    ['guardian', guardian, what.guardian],
    ['attestors', [...attestors].sort().join(), [...what.attestors].sort().join()],
    ['quorum', String(quorum), String(what.quorum)],
    ['market', adapter, market],
    ['sequencer', sequencer, what.sequencer?.feed ?? zeroAddress],
    ["the market's guard", bound, guard],
  ];
  for (const [where, got, needed] of pairs) {
    if (got.toLowerCase() !== needed.toLowerCase()) throw new OtherGuardError({ got, needed, where: `${where} of ${guard}` });
  }
}

/** The calls of governance: the market's right for the adapter, and a policy for each asset. */
export async function grants(
  client: Client,
  { guard, market }: Pick<Deployment, 'guard' | 'market'>,
  what: Plan,
  policies: readonly {
    readonly asset: Words.Hex;
    readonly says: string;
    readonly policy: GuardPolicy;
    readonly leaseUntilSeconds: number;
  }[],
): Promise<readonly Grant[]> {
  const right = await marketRight(client, what.market, market);
  const limits = policies.map(({ asset, says, policy, leaseUntilSeconds }) => ({
    to: guard,
    data: setPolicyData(asset, policy, leaseUntilSeconds),
    says: `Lets the guard move ${says} inside the given limits until ${new Date(leaseUntilSeconds * 1000).toISOString()}.`,
  }));
  return [right, ...limits];
}

async function marketRight(client: Client, venue: MarketPlan, adapter: Words.Address): Promise<Grant> {
  if (venue.kind === 'registry') {
    const data = encodeFunctionData({ abi: REGISTRY_ABI, functionName: 'setGuard', args: [adapter] });
    return { to: venue.registry, data, says: `Lets ${adapter} update listed assets of the registry.` };
  }
  const acl = await readContract(client, { address: venue.provider, abi: AAVE_ABI, functionName: 'getACLManager' });
  const data = encodeFunctionData({ abi: AAVE_ABI, functionName: 'addRiskAdmin', args: [adapter] });
  return { to: acl, data, says: `Gives ${adapter} RISK_ADMIN of the Aave market, and no other role.` };
}

const AAVE_ABI = parseAbi(['function getACLManager() view returns (address)', 'function addRiskAdmin(address admin)']);
const REGISTRY_ABI = parseAbi(['function setGuard(address guard)']);

export class OtherGuardError extends PlimsollError {
  override readonly name = 'GuardDeploy.OtherGuardError';
}
