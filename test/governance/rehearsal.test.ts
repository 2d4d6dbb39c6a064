import { encodeFunctionData, type Hex, parseAbi } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Changes from '../../governance/changes.ts';
import * as Artifacts from '../../governance/contracts/artifacts.ts';
import * as Node from '../../governance/node.ts';
import * as Rehearsal from '../../governance/rehearsal.ts';
import { NoRoadError, TamperedError } from '../../governance/rehearsal-road.ts';
import * as Road from '../../governance/road.ts';
import * as SafeSignature from '../../governance/safe-signature.ts';
import type { Inner } from '../../governance/targets/call.ts';
import * as Safe from '../../governance/targets/safe.ts';
import * as Target from '../../governance/targets/target.ts';
import * as Timelock from '../../governance/targets/timelock.ts';
import { targetOf, type Venue } from '../../governance/venue.ts';
import { VenueExecution } from '../../governance/venue-execution.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';
import { borrower, DELAY_SECONDS, drafted, OWNERS, place, type Stand, stand } from './aave-safe.ts';
import * as Safes from './safes.ts';

const ONE_ASSET = { WETH: { haircutBps: 2_100, liquidationThresholdBps: 7_950 } };
const TWO_ASSETS = { ...ONE_ASSET, WBTC: { haircutBps: 2_650 } };
const OTHER = parseAbi([
  'function setReserveFreeze(address asset, bool freeze)',
  'function setEModeCategory(uint8 id, uint16 ltv, uint16 threshold, uint16 bonus, address oracle, string label)',
  'function enableModule(address module)',
  'function changeThreshold(uint256 threshold)',
  'function mint(uint256 value)',
  'function setPoolImpl(address pool)',
]);
const call = (to: Hex, functionName: string, args: readonly unknown[]): Inner =>
  Target.call(to, encodeFunctionData({ abi: OTHER, functionName, args } as unknown as Parameters<typeof encodeFunctionData>[0]));

describe('a proposal on the real PoolConfigurator and the real Safe', () => {
  let at: Stand;
  let user: Hex;

  beforeAll(async () => {
    at = await stand();
    user = await borrower(at, 14_400);
  }, 120_000);
  afterAll(() => at.chain.stop());

  const rehearse = async (venue: Venue, proposal: VenueProposal, rest: Partial<Rehearsal.Rehearsed> = {}) =>
    await Rehearsal.rehearse({ proposal, venue, rpcUrl: at.chain.url, block: await at.chain.client.getBlockNumber(), ...rest });
  const strays = async (venue: Venue, proposal: VenueProposal) => (await rehearse(venue, proposal)).strays.join(' ');
  const nonce = () => at.chain.read<bigint>(at.safe, 'nonce');

  it('is rehearsed by the owners’ own approvals: every value, slot, event and the gas, and the chain itself is not touched', async () => {
    const proposal = await drafted(at.chain, at.throughSafe, ONE_ASSET);
    const execution = await rehearse(at.throughSafe, proposal, { accounts: [user] });
    expect(VenueExecution.parse(execution)).toEqual(execution);
    expect([execution.ok, execution.strays]).toEqual([true, []]);
    expect(execution.readBack).toHaveLength(3 * 11);
    expect(execution.readBack.filter(({ before, after }) => before !== after).map(({ name, after }) => `${name}=${after}`)).toEqual([
      'WETH.liquidationThreshold=7950',
      'WETH.ltv=7900',
    ]);
    expect(execution.writes.map(({ contract, shows }) => [contract, shows])).toEqual(
      [
        [at.aave.pool.address.toLowerCase(), 'a value that is read'],
        [at.safe.address.toLowerCase(), 'nonce of the Safe'],
      ].sort(),
    );
    const word = execution.events.find(({ name }) => name === 'CollateralConfigurationChanged')!;
    expect(word.arguments).toMatchObject({ ltv: '7900', liquidationThreshold: '7950', liquidationBonus: '10500' });
    expect(execution.events.at(-1)).toMatchObject({ name: 'ExecutionSuccess', arguments: { txHash: proposal.safe!.hash } });
    expect(execution.steps.map(({ step }) => step.replace(/0x\w+/, '…'))).toEqual([
      'approval by the owner …',
      'approval by the owner …',
      'execTransaction of …',
    ]);
    for (const { gasUsed } of execution.steps) expect(Number(gasUsed)).toBeGreaterThan(30_000);
    // Interest of a few seconds is in both.
    expect(execution.positions).toEqual({
      asked: 1,
      newlyLiquidatable: [{ account: user, before: expect.stringMatching(/^103[67]/), after: expect.stringMatching(/^993[67]/) }],
    });
    expect(await nonce()).toBe(0n);
  });

  it('takes several calls as one batch through the real MultiSendCallOnly', async () => {
    const proposal = await drafted(at.chain, at.throughSafe, TWO_ASSETS);
    expect(proposal.safe!.tx.operation).toBe(1);
    const { ok, readBack } = await rehearse(at.throughSafe, proposal);
    expect(ok).toBe(true);
    expect(readBack.filter(({ before, after }) => before !== after).map(({ name }) => name)).toEqual([
      'WBTC.ltv',
      'WETH.liquidationThreshold',
      'WETH.ltv',
    ]);
  });

  it('writes every field that the target has, caps and bonus too', async () => {
    const venue = at.direct(at.chain.accounts[0]!);
    const proposal = await drafted(at.chain, venue, ONE_ASSET);
    const { encode } = targetOf(venue.parameters);
    const moves: readonly Target.Move[] = [
      { asset: 'WETH', field: 'haircutBps', from: 1_950, to: 2_050 },
      { asset: 'WETH', field: 'liquidationThresholdBps', from: 8_300, to: 8_250 },
      { asset: 'WETH', field: 'liquidationBonusBps', from: 500, to: 475 },
      { asset: 'WETH', field: 'supplyCapTokens', from: null, to: 12_000 },
      { asset: 'WETH', field: 'borrowCapTokens', from: 1_000_000, to: 9_000 },
    ];
    const { actions, becomes } = encode(venue.parameters, proposal.held, moves);
    const { ok, readBack, steps } = await rehearse(venue, { ...proposal, submit: actions, becomes });
    expect([ok, steps.length]).toEqual([true, 3]);
    expect(readBack.filter(({ before, after }) => before !== after).map(({ name, after }) => `${name}=${after}`)).toEqual([
      'WETH.borrowCap=9000',
      'WETH.liquidationBonus=10475',
      'WETH.liquidationThreshold=8250',
      'WETH.ltv=7950',
      'WETH.supplyCap=12000',
    ]);
  });

  it('is scheduled by the Safe in a timelock, refused early, executed by anybody after the delay', async () => {
    const proposal = await drafted(at.chain, at.throughTimelock, TWO_ASSETS);
    expect(proposal.safe!.tx).toMatchObject({ to: at.timelock.address, operation: 0 });
    expect(proposal.later).toMatchObject({ delaySeconds: DELAY_SECONDS, submit: { to: at.timelock.address } });
    const scheduled = Timelock.operationId({ actions: proposal.calls, salt: proposal.descriptionHash });
    expect(proposal.later!.id).toBe(scheduled);
    const { ok, steps, writes, events } = await rehearse(at.throughTimelock, proposal, { accounts: [user] });
    expect([ok, steps.map(({ step }) => step).slice(2)]).toEqual([
      true,
      [
        `execTransaction of ${at.safe.address}`,
        'execution before the delay is over, refused: TimelockUnexpectedOperationState',
        'execution by anybody after the delay',
      ],
    ]);
    expect(writes.map(({ shows }) => shows).sort()).toEqual([
      'a value that is read',
      'a value that is read',
      'mark of this operation in the timelock',
      'nonce of the Safe',
    ]);
    expect(events.find(({ name }) => name === 'CallScheduled')!.arguments).toMatchObject({ id: proposal.later!.id });

    // A second operation in the same signature would run later, when nobody looks.
    const { road } = await place(at.chain, at.throughTimelock);
    const other = {
      actions: [call(at.aave.configurator.address, 'setReserveFreeze', [at.weth.address, true])],
      salt: proposal.descriptionHash,
    };
    const twice = [Timelock.schedule({ address: at.timelock.address, delaySeconds: DELAY_SECONDS }, other), ...schedules(proposal)];
    const smuggled = Road.wrap(at.throughSafe.route, 31_337, road, twice, '').safe!;
    const seen = await strays(at.throughTimelock, {
      ...proposal,
      safe: { ...proposal.safe!, tx: smuggled.tx, hash: smuggled.hashes.hash },
    });
    expect(seen).toMatch(
      new RegExp(`^Slot 0x\\w{64} of ${at.timelock.address.toLowerCase()} was written; nothing that is read shows it.$`),
    );
  });

  it('is not drafted for a delay that the timelock refuses, nor for a Safe that may not propose to it', async () => {
    const through = (timelock: Hex, delaySeconds: number): Venue =>
      ({ ...at.throughTimelock, route: { ...at.throughTimelock.route, timelock: { address: timelock, delaySeconds } } }) as Venue;
    await expect(drafted(at.chain, through(at.timelock.address, DELAY_SECONDS - 1), ONE_ASSET)).rejects.toThrow(
      'TimelockInsufficientDelay',
    );
    const args = [1n, [user], [user], user];
    const foreign = await at.chain.deploy({ ...Artifacts.TIMELOCK, linkReferences: {} }, args);
    await expect(drafted(at.chain, through(foreign.address, DELAY_SECONDS), ONE_ASSET)).rejects.toThrow('AccessControlUnauthorizedAccount');
    await expect(drafted(at.chain, through(at.safe.address, DELAY_SECONDS), ONE_ASSET)).rejects.toThrow('known versions');
    await expect(drafted(at.chain, through(at.timelock.address, 8 * 86_400), ONE_ASSET)).rejects.toThrow('too-late-to-execute');
  });

  it('refuses a stowaway in the batch, whether a value shows it or not', async () => {
    const proposal = await drafted(at.chain, at.throughSafe, TWO_ASSETS);
    const { road } = await place(at.chain, at.throughSafe);
    const smuggled = (extra: Inner): VenueProposal => {
      const { safe } = Road.wrap(at.throughSafe.route, 31_337, road, [...proposal.calls, extra], proposal.description);
      return { ...proposal, safe: { ...proposal.safe!, tx: safe!.tx, hash: safe!.hashes.hash } };
    };
    const admin = at.chain.accounts[0]!;
    await at.chain.send(at.aave.acl, 'addPoolAdmin', [at.safe.address]);
    const frozen = call(at.aave.configurator.address, 'setReserveFreeze', [at.weth.address, true]);
    expect(await strays(at.throughSafe, smuggled(frozen))).toBe('WETH.frozen is 1 afterwards, wanted 0.');
    const eMode = call(at.aave.configurator.address, 'setEModeCategory', [7, 9_000, 9_300, 10_100, `0x${'0'.repeat(40)}`, 'x']);
    expect(await strays(at.throughSafe, smuggled(eMode))).toMatch(
      /^(Slot 0x\w{64} of 0x\w{40} was written; nothing that is read shows it\.? ?)+$/,
    );
    const module = call(at.safe.address, 'enableModule', [admin]);
    expect(await strays(at.throughSafe, smuggled(module))).toContain(`of ${at.safe.address.toLowerCase()} was written`);
    const threshold = call(at.safe.address, 'changeThreshold', [1n]);
    expect(await strays(at.throughSafe, smuggled(threshold))).toContain('The Safe is another: version 1.5.0, 1 of ');
    const minted = call(at.usdc.address, 'mint', [1n]);
    expect(await strays(at.throughSafe, smuggled(minted))).toContain(`of ${at.usdc.address.toLowerCase()} was written`);
    await at.chain.rpc('anvil_setBalance', at.safe.address, '0x10');
    expect(await strays(at.throughSafe, smuggled({ to: user, data: '0x', valueWei: '7', operation: 'call' }))).toContain(
      `${user.toLowerCase()} has more or less ether than before.`,
    );
  });

  it('sees other code behind the pool’s own address, though it answers every question as before', async () => {
    const venue = at.direct(at.chain.accounts[0]!);
    const proposal = await drafted(at.chain, venue, ONE_ASSET);
    expect((await rehearse(venue, proposal)).ok).toBe(true);
    const slot = await at.chain.client.getStorageAt({ address: at.aave.pool.address, slot: IMPLEMENTATION });
    const other: Hex = `0x${'ab'.repeat(20)}`;
    await at.chain.rpc('anvil_setCode', other, passingOnTo(slot!.slice(26)));
    const upgrade = call(at.aave.provider.address, 'setPoolImpl', [other]);
    const { strays, readBack } = await rehearse(venue, { ...proposal, submit: [...proposal.submit, upgrade] });
    expect(readBack.every(({ matches }) => matches)).toBe(true);
    expect(strays).toContain(`Reading the values runs other contracts than before: ${other}.`);
  });

  it('refuses a moved state, a hash that is not the Safe’s own, a caller without the right, and a road nobody named', async () => {
    const proposal = await drafted(at.chain, at.throughSafe, ONE_ASSET);
    const values = { ...proposal.held.values, 'WETH.ltv': '8049' };
    await expect(rehearse(at.throughSafe, { ...proposal, held: { ...proposal.held, values } })).rejects.toThrow(Rehearsal.StateMovedError);
    const hash = `${proposal.safe!.hash.slice(0, -1)}${proposal.safe!.hash.endsWith('0') ? '1' : '0'}` as Hex;
    await expect(rehearse(at.throughSafe, { ...proposal, safe: { ...proposal.safe!, hash } })).rejects.toThrow(TamperedError);
    const stranger = at.direct(at.chain.accounts[5]!);
    // Aave's own number for “the caller is neither risk nor pool administrator”.
    await expect(rehearse(stranger, await drafted(at.chain, stranger, ONE_ASSET))).rejects.toMatchObject({
      name: 'Node.RevertedError',
      facts: { got: '4' },
    });
    await expect(rehearse(at.direct(null), await drafted(at.chain, at.direct(null), ONE_ASSET))).rejects.toThrow(NoRoadError);
  });

  it('is signed by three keys, rehearsed with the very bytes, executed, and read back', async () => {
    const proposal = await drafted(at.chain, at.throughSafe, TWO_ASSETS);
    const { tx, hash, version } = proposal.safe!;
    const domain = { chainId: 31_337, safe: at.safe.address, version };
    const parts = await Promise.all(
      OWNERS.map(async (owner) => ({ owner: owner.address, kind: 'account' as const, bytes: await Safes.sign(owner, tx, domain) })),
    );
    const signatures = SafeSignature.pack(parts);
    expect(await Safe.hashOnChain(at.chain.client, at.safe.address, tx)).toBe(hash);
    expect((await rehearse(at.throughSafe, proposal, { signatures })).steps.map(({ step }) => step.slice(0, 15))).toEqual([
      'execTransaction',
    ]);
    const relayer = at.chain.accounts[7]!;
    const unsorted: Hex = `0x${signatures.slice(132, 262)}${signatures.slice(2, 132)}`;
    const refused = Node.whyRefused(at.chain.client, relayer, at.safe.address, Safe.execData(tx, unsorted));
    expect(await refused).toBe('GS026');
    const sent = (await at.chain.rpc('eth_sendTransaction', {
      from: relayer,
      to: at.safe.address,
      data: Safe.execData(tx, signatures),
    })) as Hex;
    const { status } = await at.chain.receipt(sent);
    expect(status).toBe('success');
    const { values } = await targetOf(at.throughSafe.parameters).read(at.chain.client, at.throughSafe.parameters);
    expect(values).toEqual({ ...proposal.held.values, ...proposal.becomes });
    expect(await Node.whyRefused(at.chain.client, relayer, at.safe.address, Safe.execData(tx, signatures))).toBe('GS026');
    await expect(rehearse(at.throughSafe, proposal)).rejects.toThrow(Rehearsal.StateMovedError);
  });
});

/** The one call that the Safe makes as it was drafted. */
function schedules({ safe }: VenueProposal): readonly Inner[] {
  return [Target.call(safe!.tx.to, safe!.tx.data)];
}

describe('changes', () => {
  const write = (before: Hex, after: Hex): Changes.Write => ({ contract: '0x01', slot: '0x02', before, after });
  const changes = (...writes: Changes.Write[]): Changes.Changes => ({ writes, codes: [], balances: [] });

  it('of several transactions are the first value and the last, and nothing where both are the same', () => {
    expect(Changes.together([changes(write('0x1', '0x2')), changes(write('0x2', '0x3'))]).writes).toEqual([write('0x1', '0x3')]);
    expect(Changes.together([changes(write('0x1', '0x2')), changes(write('0x2', '0x1'))]).writes).toEqual([]);
  });
});

/** EIP-1967. */
const IMPLEMENTATION: Hex = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';

/** Code that does nothing when it is initialized and hands everything else on to another contract's code. */
function passingOnTo(implementation: string): Hex {
  return `0x60003560e01c63c4d66de814603e573660006000376000600036600073${implementation}5af4503d600060003e3d6000f35b00`;
}
