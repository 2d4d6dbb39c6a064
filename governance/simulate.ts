/**
 * Simulate: a proposal's whole life on a local node: deploy, propose, vote, queue, try too early, wait, execute, read back.
 *
 * Contracts stand at the addresses of `rehearsalTarget`, so a proposal is drafted before any node runs. No account ever has
 * an administrator's right: the timelock owns the registry from its first block, the Governor is the timelock's only
 * proposer, and both addresses are known before they exist. The node signs for its own test accounts; no key is held here.
 */
import { encodeDeployData, encodeFunctionData, getContractAddress, type Hex, zeroAddress } from 'viem';
import { readContract } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import { type Anvil, startAnvil } from './anvil.ts';
import * as Artifacts from './contracts/artifacts.ts';
import * as Node from './node.ts';
import type { Execution, Proposal } from './proposal.ts';
import * as Governor from './targets/governor.ts';
import * as Registry from './targets/registry.ts';

export type RehearseOptions = {
  readonly proposal: Proposal;
  readonly state: ProtocolState;
  readonly target?: Governor.GovernorTarget;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onStep?: (step: string) => void;
};

const SETTINGS = { votingDelaySeconds: 43_200, votingPeriodSeconds: 172_800, timelockDelaySeconds: 172_800 };

/** First of anvil's well-known test accounts; the others vote, the last is the outsider. */
const DEPLOYER = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const TOKEN = 10n ** 18n;
const QUORUM_PERCENT = 4n;

/** The contracts a rehearsal deploys: the deployer's first four. */
export function rehearsalTarget(): Governor.GovernorTarget {
  return {
    name: 'openzeppelin-governor',
    chainId: 31_337,
    timelock: addressAt(1n),
    governor: addressAt(2n),
    registry: addressAt(3n),
    proposer: DEPLOYER,
    ...SETTINGS,
    rehearsal: true,
  };
}

/** Runs the proposal from its first block to the read-back. Refusals that must happen are steps too. */
export async function rehearse(options: RehearseOptions): Promise<{ readonly execution: Execution; readonly proposal: Proposal }> {
  const { proposal, state, target = rehearsalTarget(), timeoutMs = 60_000 } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  let anvil: Anvil | undefined;
  try {
    anvil = await startAnvil({ chainId: target.chainId, genesisSeconds: Math.floor(Date.parse(state.asOf) / 1000), signal });
    const node = await Node.open(anvil.url, signal, options.onStep);
    return { execution: await voyage(node, proposal, state, target), proposal };
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (timeout.aborted) throw new TimedOutError({ got: `no end after ${timeoutMs} ms`, needed: 'an executed proposal', cause: error });
    throw error;
  } finally {
    await anvil?.stop();
  }
}

/** Every value of the registry, wanted against held: also those nobody asked to move. */
export function compare(
  before: Registry.ValuesByAsset,
  changes: readonly Registry.Change[],
  after: Registry.ValuesByAsset,
): Execution['readBack'] {
  const wanted = new Map(changes.map(({ asset, to }) => [asset, to]));
  const assets = [...new Set([...Object.keys(before), ...Object.keys(after), ...wanted.keys()])].sort();
  return assets.flatMap((asset) =>
    Registry.FIELDS.map((field) => {
      const [was, want, is] = [before[asset]?.[field], (wanted.get(asset) ?? before[asset])?.[field], after[asset]?.[field]];
      return {
        asset,
        field,
        before: String(was ?? 'none'),
        wanted: String(want ?? 'none'),
        after: String(is ?? 'none'),
        matches: want === is,
      };
    }),
  );
}

async function voyage(node: Node.Node, proposal: Proposal, state: ProtocolState, target: Governor.GovernorTarget): Promise<Execution> {
  const actions = proposal.calls;
  const changes = actions.flatMap(({ data }) => Registry.decode(data).changes);
  const [deployer, first, second] = node.accounts as [Hex, Hex, Hex];
  const outsider = node.accounts.at(-1)!;

  // 1. Contracts at the addresses the proposal was drafted for, the registry holding today's parameters.
  await deploy(node, state, target, [deployer, first, second]);
  const before = await Governor.read(node.client, target);
  const id = await onChainId(node, target, proposal);

  // 2. A stranger may not: the same bytes, sent straight to the registry.
  await node.send('update by an outsider, refused', outsider, target.registry, actions[0]!.data, 'refused');

  // 3. Propose, wait, vote, wait.
  await node.send('propose', deployer, target.governor, Governor.proposeData(actions, proposal.description));
  await node.waitSeconds(target.votingDelaySeconds + 1);
  for (const voter of [first, second]) {
    await node.send(
      'vote for',
      voter,
      target.governor,
      encodeFunctionData({ abi: Governor.ABI, functionName: 'castVoteWithReason', args: [id, 1, proposal.evidenceRoot] }),
    );
  }
  await node.waitSeconds(target.votingPeriodSeconds);

  // 4. Queue; too early is refused by the timelock; then wait and execute.
  const rest = [...Governor.columns(actions), proposal.descriptionHash] as const;
  const execute = encodeFunctionData({ abi: Governor.ABI, functionName: 'execute', args: rest });
  await node.send('queue', deployer, target.governor, encodeFunctionData({ abi: Governor.ABI, functionName: 'queue', args: rest }));
  await node.send('execute before the delay is over, refused', outsider, target.governor, execute, 'refused');
  await node.waitSeconds(target.timelockDelaySeconds);
  await node.send('execute', outsider, target.governor, execute);
  await node.send('execute a second time, refused', outsider, target.governor, execute, 'refused');

  // 5. Read everything back.
  const readBack = compare(before, changes, await Governor.read(node.client, target));
  return seal({
    kind: 'execution' as const,
    from: { proposal: proposal.id },
    chainId: target.chainId,
    rehearsal: true,
    steps: node.steps,
    readBack,
    ok: readBack.every(({ matches }) => matches),
  });
}

export async function deploy(
  node: Node.Node,
  state: ProtocolState,
  target: Governor.GovernorTarget,
  holders: readonly [Hex, Hex, Hex],
): Promise<void> {
  const deployer = holders[0];
  const token = addressAt(0n);
  const { votingDelaySeconds, votingPeriodSeconds, timelockDelaySeconds } = target;
  const listings = state.assets.map(({ asset, parameters }) => ({ asset: Registry.toKey(asset), values: Registry.valuesOf(parameters) }));
  const creations = [
    ['token', Artifacts.TOKEN, [holders, [TOKEN, 600n * TOKEN, 399n * TOKEN]], token],
    ['timelock', Artifacts.TIMELOCK, [BigInt(timelockDelaySeconds), [target.governor], [zeroAddress], zeroAddress], target.timelock],
    [
      'governor',
      Artifacts.GOVERNOR,
      [token, target.timelock, votingDelaySeconds, votingPeriodSeconds, TOKEN, QUORUM_PERCENT],
      target.governor,
    ],
    ['registry', Artifacts.REGISTRY, [target.timelock, listings], target.registry],
  ] as const;
  for (const [name, artifact, args, expected] of creations) {
    const data = encodeDeployData({ ...artifact, args: args as readonly unknown[] });
    const { contractAddress } = await node.send(`deploy ${name}`, deployer, null, data);
    if (contractAddress?.toLowerCase() !== expected.toLowerCase()) {
      throw new WrongChainError({ got: String(contractAddress), needed: expected, where: name, fix: 'Draft for `rehearsalTarget()`.' });
    }
  }
  for (const holder of holders) {
    await node.send('delegate', holder, token, encodeFunctionData({ abi: Artifacts.TOKEN.abi, functionName: 'delegate', args: [holder] }));
  }
  // A Governor counts the votes of the second before, and a local node may put many blocks into one second.
  await node.waitSeconds(12);
}

/** The Governor's own hash of the calls and the text must be the id the proposal was reviewed under. */
async function onChainId(node: Node.Node, target: Governor.GovernorTarget, proposal: Proposal): Promise<bigint> {
  const args = [...Governor.columns(proposal.calls), Governor.descriptionHash(proposal.description)] as const;
  const id = await readContract(node.client, { address: target.governor, abi: Governor.ABI, functionName: 'hashProposal', args });
  if (String(id) === proposal.onChainId) return id;
  throw new TamperedError({
    got: `calls and text that hash to ${id}`,
    needed: proposal.onChainId,
    fix: 'Draft again from the recommendation.',
  });
}

function addressAt(nonce: bigint): Hex {
  return getContractAddress({ from: DEPLOYER, nonce });
}

export class TimedOutError extends PlimsollError {
  override readonly name = 'Simulate.TimedOutError';
}

export class WrongChainError extends PlimsollError {
  override readonly name = 'Simulate.WrongChainError';
}

export class TamperedError extends PlimsollError {
  override readonly name = 'Simulate.TamperedError';
}
