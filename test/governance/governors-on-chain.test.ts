/** The roads with a vote, whole, on real contracts: draft → propose → vote → queue → execute → read back, on a real Aave v3 market. */
import { encodeAbiParameters, encodeFunctionData, getContractAddress, type Hex, keccak256, parseAbi, toHex, zeroAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Artifacts from '../../governance/contracts/artifacts.ts';
import * as Node from '../../governance/node.ts';
import { rehearse } from '../../governance/rehearsal.ts';
import * as Bravo from '../../governance/targets/bravo.ts';
import type { Inner } from '../../governance/targets/call.ts';
import * as Decode from '../../governance/targets/decode.ts';
import * as Governor from '../../governance/targets/governor.ts';
import { targetOf, Venue } from '../../governance/venue.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';
import { artifact } from '../datasets/sources/ledger.ts';
import { drafted, type Stand, stand } from './aave-safe.ts';

const MOVES = { WETH: { haircutBps: 2_100, liquidationThresholdBps: 8_200 }, WBTC: { haircutBps: 2_650 } };
const BECOMES = { 'WETH.ltv': '7900', 'WETH.liquidationThreshold': '8200', 'WBTC.ltv': '7350' };
const DAY = 86_400;
const TOKEN = 10n ** 18n;
const PROPOSALS = parseAbi([
  'function queue(uint256 id)',
  'function execute(uint256 id) payable',
  'function castVote(uint256 id, bool support)',
  'function proposalCount() view returns (uint256)',
  'event ExecuteTransaction(bytes32 indexed txHash, address indexed target, uint256 value, string signature, bytes data, uint256 eta)',
]);

/** GovernorAlpha.sol: `proposals` is its fourth variable, `endBlock` the ninth word of one. */
const PROPOSALS_SLOT = 3n;
const END_BLOCK = 8n;

describe('a vote on real contracts', () => {
  let at: Stand;
  let snapshot: unknown;
  beforeAll(async () => {
    at = await stand();
    snapshot = await at.chain.rpc('evm_snapshot');
  }, 120_000);
  afterAll(() => at.chain.stop());

  const read = async (venue: Venue) => (await targetOf(venue.parameters).read(at.chain.client, venue.parameters)).values;
  const send = async (from: Hex, { to, data }: Pick<Inner, 'to' | 'data'>) => {
    const hash = (await at.chain.rpc('eth_sendTransaction', { from, to, data, gas: '0x989680' })) as Hex;
    const receipt = await at.chain.receipt(hash);
    if (receipt.status !== 'success') throw new Error(await Node.whyRefused(at.chain.client, from, to, data));
    return receipt;
  };
  /** On a copy, from the timelock on: the vote is played here, in earnest. */
  const rehearsed = async (proposal: VenueProposal, venue: Venue) => {
    const block = await at.chain.client.getBlockNumber({ cacheTime: 0 });
    const { ok, strays } = await rehearse({ proposal, venue, rpcUrl: at.chain.url, block });
    return [ok, strays];
  };
  const pass = async (seconds: number) => {
    await at.chain.rpc('evm_increaseTime', seconds);
    await at.chain.rpc('evm_mine');
  };
  /** Where the deployer's next contracts will stand. */
  const next = async (ahead: number): Promise<Hex> => {
    const from = at.chain.accounts[0]!;
    const nonce = BigInt(await at.chain.client.getTransactionCount({ address: from })) + BigInt(ahead);
    return getContractAddress({ from, nonce });
  };
  const may = async (timelock: Hex) => at.chain.send(at.aave.acl, 'addRiskAdmin', [timelock]);

  it('passes through OpenZeppelin’s Governor and timelock into Aave', { timeout: 120_000 }, async () => {
    await at.chain.rpc('evm_revert', snapshot);
    snapshot = await at.chain.rpc('evm_snapshot');
    const [voter] = at.chain.accounts as [Hex];
    const token = await at.chain.deploy({ ...Artifacts.TOKEN, linkReferences: {} }, [[voter], [1_000n * TOKEN]]);
    await at.chain.send(token, 'delegate', [voter]);
    const governorAddress = await next(1);
    const timelock = await at.chain.deploy({ ...Artifacts.TIMELOCK, linkReferences: {} }, [
      BigInt(DAY),
      [governorAddress],
      [zeroAddress],
      zeroAddress,
    ]);
    const governor = await at.chain.deploy({ ...Artifacts.GOVERNOR, linkReferences: {} }, [
      token.address,
      timelock.address,
      3_600,
      DAY,
      TOKEN,
      4n,
    ]);
    expect(governor.address.toLowerCase()).toBe(governorAddress.toLowerCase());
    await may(timelock.address);
    const venue = Venue.parse({
      parameters: at.parameters,
      route: {
        ...{ route: 'openzeppelin-governor', governor: governor.address, timelock: timelock.address, proposer: voter },
        ...{ votingDelaySeconds: 3_600, votingPeriodSeconds: DAY, timelockDelaySeconds: DAY },
      },
    });
    await pass(12);
    const proposal = await drafted(at.chain, venue, MOVES);
    expect(await rehearsed(proposal, venue)).toEqual([true, []]);
    await send(voter, proposal.submit[0]!);
    await pass(3_601);
    const vote = encodeFunctionData({ abi: Governor.ABI, functionName: 'castVoteWithReason', args: [BigInt(proposal.onChainId!), 1, ''] });
    await send(voter, { to: governor.address, data: vote });
    await pass(DAY);
    const rest = [...Governor.columns(proposal.calls), proposal.descriptionHash] as const;
    const execute = { to: governor.address, data: encodeFunctionData({ abi: Governor.ABI, functionName: 'execute', args: rest }) };
    await send(voter, { to: governor.address, data: encodeFunctionData({ abi: Governor.ABI, functionName: 'queue', args: rest }) });
    expect(await Node.whyRefused(at.chain.client, voter, execute.to, execute.data)).toBe('TimelockUnexpectedOperationState');
    await pass(DAY);
    await send(voter, execute);
    expect(await read(venue)).toEqual({ ...proposal.held.values, ...BECOMES });
  });

  describe('through GovernorAlpha and Compound’s Timelock, as Uniswap deployed them', () => {
    let venue: Venue;
    let route: Bravo.Venue;
    let voter: Hex;

    beforeAll(async () => {
      await at.chain.rpc('evm_revert', snapshot);
      [voter] = at.chain.accounts as [Hex];
      const made = (name: string) => ({ ...artifact(`@uniswap/governance/build/${name}.json`), linkReferences: {} });
      const soon = (await at.chain.client.getBlock()).timestamp + 3_600n;
      const token = await at.chain.deploy(made('Uni'), [voter, voter, soon]);
      await at.chain.send(token, 'delegate', [voter]);
      const timelock = await at.chain.deploy(made('Timelock'), [await next(1), 2 * DAY]);
      const governor = await at.chain.deploy(made('GovernorAlpha'), [timelock.address, token.address]);
      await may(timelock.address);
      venue = Venue.parse({
        parameters: at.parameters,
        route: { route: 'governor-bravo', governor: governor.address, timelock: timelock.address },
      });
      route = venue.route as Bravo.Venue;
      await at.chain.rpc('evm_mine');
    }, 120_000);

    /** Voted through and queued, and the two days waited for. */
    const untilExecutable = async (submit: Pick<Inner, 'to' | 'data'>): Promise<bigint> => {
      await send(voter, submit);
      const id = await at.chain.client.readContract({ address: route.governor, abi: PROPOSALS, functionName: 'proposalCount' });
      await at.chain.rpc('evm_mine');
      await at.chain.rpc('evm_mine');
      await send(voter, { to: route.governor, data: encodeFunctionData({ abi: PROPOSALS, functionName: 'castVote', args: [id, true] }) });
      // Voting lasts 40,320 blocks, which take a node a minute to make: its end is written into the proposal instead.
      const slot = BigInt(keccak256(encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [id, PROPOSALS_SLOT]))) + END_BLOCK;
      const newest = await at.chain.client.getBlockNumber({ cacheTime: 0 });
      await at.chain.rpc('anvil_setStorageAt', route.governor, toHex(slot, { size: 32 }), toHex(newest, { size: 32 }));
      await at.chain.rpc('evm_mine');
      await send(voter, { to: route.governor, data: encodeFunctionData({ abi: PROPOSALS, functionName: 'queue', args: [id] }) });
      await pass(2 * DAY);
      return id;
    };
    const execute = (id: bigint): Pick<Inner, 'to' | 'data'> => ({
      to: route.governor,
      data: encodeFunctionData({ abi: PROPOSALS, functionName: 'execute', args: [id] }),
    });

    it('passes into Aave with empty signatures, and the timelock sends what was decoded', { timeout: 120_000 }, async () => {
      const proposal: VenueProposal = await drafted(at.chain, venue, MOVES);
      expect(await rehearsed(proposal, venue)).toEqual([true, []]);
      const id = await untilExecutable(proposal.submit[0]!);
      await send(voter, execute(id));
      expect(await read(venue)).toEqual({ ...proposal.held.values, ...BECOMES });
    });

    it('sends a selector twice where a signature stands beside it: as the decoder warns', { timeout: 120_000 }, async () => {
      const cap = parseAbi(['function setSupplyCap(address asset, uint256 cap)']);
      const data = encodeFunctionData({ abi: cap, functionName: 'setSupplyCap', args: [at.weth.address, 5n] });
      const five = parseAbi(['function propose(address[], uint256[], string[], bytes[], string) returns (uint256)']);
      const propose = (signature: string, bytes: Hex) => {
        const args = [[at.aave.configurator.address], [0n], [signature], [bytes], 'caps'] as const;
        return { to: route.governor, data: encodeFunctionData({ abi: five, functionName: 'propose', args }) };
      };
      const twice = propose('setSupplyCap(address,uint256)', data);
      expect(Decode.decode(twice.data).warnings.join(' ')).toContain('stands twice');
      const wrong = await untilExecutable(twice);
      // What the timelock really sends sets the cap of another asset, or is refused as here.
      await expect(send(voter, execute(wrong))).rejects.toThrow('Timelock::executeTransaction: Transaction execution reverted.');
      const right = propose('setSupplyCap(address,uint256)', `0x${data.slice(10)}`);
      const [decoded] = Decode.decode(right.data).calls;
      expect(decoded?.data).toBe(data);
      await send(voter, execute(await untilExecutable(right)));
      expect((await read(venue))['WETH.supplyCap']).toBe('5');
    });

    it('takes ten actions and no eleventh', async () => {
      const same = Array.from({ length: 11 }, (): Inner => ({ to: at.weth.address, data: '0x', valueWei: '0', operation: 'call' }));
      expect([Bravo.constraints(route, same.slice(1)), Bravo.constraints(route, same)?.name]).toEqual([null, 'too many actions']);
      const [ten, eleven] = [same.slice(1), same].map((actions) => Bravo.encode(route, actions, 'x')[0]!) as [Inner, Inner];
      const why = (inner: Inner) => Node.whyRefused(at.chain.client, voter, inner.to, inner.data);
      expect([await why(ten), await why(eleven)]).toEqual([Node.NO_REVERT, 'GovernorAlpha::propose: too many actions']);
    });
  });
});
