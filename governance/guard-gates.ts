/**
 * Gates between a signed update and the chain. All are asked, every time, and all answers are shown; one that is shut means that people decide.
 *
 * The relayer only pays gas: an address that holds any role on the guard, its timelock or its market is refused, so that losing the key that
 * relays loses nothing else.
 */
import { type Client, encodeFunctionData, type Hex, keccak256, parseAbi, toHex, zeroHash } from 'viem';
import { getBlock, getChainId, readContract } from 'viem/actions';
import { isSignedBy } from './decision.ts';
import * as Guard from './guard.ts';
import { ABI, MARKET_ABI } from './guard-abi.ts';
import type { File } from './guard-file.ts';
import * as GuardPolicy from './guard-policy.ts';
import { whyRefused } from './node.ts';
import type { Address } from './targets/words.ts';

export type Gate = { readonly gate: string; readonly open: boolean; readonly says: string };
/** What can be done now: send the update, carry out what has waited, take the next step of a ramp, wait, or nothing. */
export type Next =
  | { readonly act: 'submit' | 'execute' | 'advance'; readonly data: Hex }
  | { readonly act: 'wait'; readonly untilSeconds: number }
  | { readonly act: 'done' }
  | { readonly act: 'stop' };
export type Looked = { readonly gates: readonly Gate[]; readonly next: Next };

export async function look(client: Client, file: File, update: Guard.Update, relayer: Address): Promise<Looked> {
  const { guard, chainId, attestations } = file;
  const ask = { address: guard, abi: ABI } as const;
  const [chain, block, quorum, epoch, paused, status, held, roles] = await Promise.all([
    getChainId(client),
    getBlock(client),
    readContract(client, { ...ask, functionName: 'quorum' }),
    readContract(client, { ...ask, functionName: 'epoch' }),
    readContract(client, { ...ask, functionName: 'paused' }),
    Guard.readStatus(client, guard, update.asset),
    Guard.readValues(client, guard, update.asset),
    rolesOf(client, guard, relayer),
  ]);
  const now = block.timestamp;
  const known = await Promise.all(
    attestations.map(({ signer }) => readContract(client, { ...ask, functionName: 'isAttestor', args: [signer] })),
  );
  const good = await Promise.all(attestations.map(({ signer, signature }) => isSignedBy(client, signer, file.hashes.digest, signature)));
  const counted = attestations.filter((_, index) => known[index] && good[index]);
  const isPending = status.pending.id === file.hashes.digest && status.pending.epoch === epoch && now <= status.pending.lastSecond;
  const isRamping = status.ramp.running && !status.ramp.decay && status.ramp.evidenceRoot === update.evidenceRoot;
  const nowHolds = Guard.FIELDS.every((field) => held[field] === update.to[field]);
  const same = Guard.FIELDS.every((field) => held[field] === update.from[field]);
  const policy = await GuardPolicy.read(client, guard, update.asset);
  const gates: Gate[] = [
    gate('chain', chain === chainId, `the node is on chain ${chain}, the update is for ${chainId}`),
    gate(
      'relayer',
      roles.length === 0,
      roles.length === 0 ? `${relayer} holds no role` : `${relayer} is ${roles.join(', ')}: it must only pay gas`,
    ),
    gate(
      'policy',
      status.policyHash === update.policyHash && GuardPolicy.hashOf(policy) === update.policyHash,
      `policy on chain ${status.policyHash}, signed ${update.policyHash}`,
    ),
    gate('lease', status.leaseUntil >= now, `governance lets the guard act until ${iso(status.leaseUntil)}`),
    gate('running', !paused, paused ? 'the guardian has paused the guard' : 'the guard is not paused'),
    gate('attestors', counted.length >= Number(quorum), `${counted.length} of ${quorum} attestations count`),
    gate('attestor set', epoch === update.epoch, `the set is the ${epoch}th, the update names the ${update.epoch}th`),
    gate(
      'evidence',
      now - update.evidenceTime <= BigInt(policy.maxEvidenceAgeSeconds) && now >= update.evidenceTime,
      `evidence of ${iso(update.evidenceTime)}, at most ${policy.maxEvidenceAgeSeconds} s old`,
    ),
    gate('deadline', now <= update.deadline, `good until ${iso(update.deadline)}`),
    ...(nowHolds
      ? []
      : [gate('state', same, same ? 'the market holds what the update starts from' : 'the market has moved since it was signed')]),
  ];
  if (nowHolds) return { gates, next: { act: 'done' } };
  // A threshold that falls goes by steps; whoever comes by may take the next, whatever has become of the signatures.
  if (isRamping) {
    const data = encodeFunctionData({ abi: ABI, functionName: 'advance', args: [update.asset] });
    const { nextAt } = status.ramp;
    const must = gates.filter(({ gate: name }) => RAMP_NEEDS.has(name));
    if (!must.every(({ open }) => open)) return { gates: must, next: { act: 'stop' } };
    return { gates: must, next: now < nextAt ? { act: 'wait', untilSeconds: Number(nextAt) } : { act: 'advance', data } };
  }
  if (isPending && now < status.pending.executeAt) return { gates, next: { act: 'wait', untilSeconds: Number(status.pending.executeAt) } };
  const act = isPending ? ('execute' as const) : ('submit' as const);
  if (!isPending)
    gates.push(gate('nonce', status.nonce === update.nonce, `the guard expects nonce ${status.nonce}, the update has ${update.nonce}`));
  // Last the contract itself, asked without sending: it knows rules that are not written here.
  const data = isPending ? Guard.executeData(update) : Guard.submitData(update, counted);
  if (gates.every(({ open }) => open)) {
    const refusal = await whyRefused(client, relayer, guard, data);
    const open = refusal === 'no revert when asked again';
    gates.push(gate('contract', open, open ? `the guard would take it (${act})` : `the guard would refuse it: ${refusal}`));
  }
  return { gates, next: gates.every(({ open }) => open) ? { act, data } : { act: 'stop' } };
}

/** Everything that `address` may do on guard, timelock and market. Contracts that do not answer a question have no such role. */
export async function rolesOf(client: Client, guard: Address, address: Address): Promise<readonly string[]> {
  const ask = { address: guard, abi: ABI } as const;
  const [owner, guardian, attestor, market] = await Promise.all([
    readContract(client, { ...ask, functionName: 'owner' }),
    readContract(client, { ...ask, functionName: 'guardian' }),
    readContract(client, { ...ask, functionName: 'isAttestor', args: [address] }),
    readContract(client, { ...ask, functionName: 'MARKET' }),
  ]);
  const bound = await readContract(client, { address: market, abi: MARKET_ABI, functionName: 'guard' });
  const timelock = await Promise.all(
    TIMELOCK_ROLES.map(async ([name, role]) =>
      (await asked(client, owner, 'hasRole', [role, address])) === true ? [`the timelock's ${name}`] : [],
    ),
  );
  const provider = await asked(client, market, 'PROVIDER', []);
  const acl = typeof provider === 'string' ? await asked(client, provider as Address, 'getACLManager', []) : null;
  const aave =
    typeof acl === 'string'
      ? await Promise.all(
          AAVE_ROLES.map(async ([name, says]) =>
            (await asked(client, acl as Address, name, [address])) === true ? [`Aave's ${says}`] : [],
          ),
        )
      : [];
  const registry = await asked(client, market, 'REGISTRY', []);
  const keeper = typeof registry === 'string' ? await asked(client, registry as Address, 'owner', []) : null;
  const is = (other: unknown) => typeof other === 'string' && other.toLowerCase() === address.toLowerCase();
  return [
    ...(is(owner) ? ["the guard's owner"] : []),
    ...(is(guardian) ? ['the guardian'] : []),
    ...(attestor ? ['an attestor'] : []),
    ...(is(keeper) ? ["the registry's owner"] : []),
    ...(is(bound) ? ["the market's guard"] : []),
    ...timelock.flat(),
    ...aave.flat(),
  ];
}

const RAMP_NEEDS: ReadonlySet<string> = new Set(['chain', 'relayer', 'policy', 'running']);
const QUESTIONS = parseAbi([
  'function hasRole(bytes32 role, address account) view returns (bool)',
  'function PROVIDER() view returns (address)',
  'function REGISTRY() view returns (address)',
  'function owner() view returns (address)',
  'function getACLManager() view returns (address)',
  'function isPoolAdmin(address) view returns (bool)',
  'function isRiskAdmin(address) view returns (bool)',
  'function isEmergencyAdmin(address) view returns (bool)',
  'function isAssetListingAdmin(address) view returns (bool)',
]);
const TIMELOCK_ROLES: readonly (readonly [string, Hex])[] = [
  ['administrator', zeroHash],
  ...(['PROPOSER_ROLE', 'CANCELLER_ROLE'] as const).map((name): [string, Hex] => [name, keccak256(toHex(name))]),
];
const AAVE_ROLES = [
  ['isPoolAdmin', 'pool administrator'],
  ['isRiskAdmin', 'risk administrator'],
  ['isEmergencyAdmin', 'emergency administrator'],
  ['isAssetListingAdmin', 'listing administrator'],
] as const;

async function asked(client: Client, address: Address, functionName: string, args: readonly unknown[]): Promise<unknown> {
  try {
    return await readContract(client, { address, abi: QUESTIONS, functionName, args } as never);
  } catch {
    return null;
  }
}

function gate(name: string, open: boolean, says: string): Gate {
  return { gate: name, open, says };
}

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
