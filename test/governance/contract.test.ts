import fc from 'fast-check';
import { encodeFunctionData, parseAbi, zeroHash } from 'viem';
import { readContract } from 'viem/actions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../../governance/anvil.ts';
import * as Node from '../../governance/node.ts';
import * as Simulate from '../../governance/simulate.ts';
import * as Governor from '../../governance/targets/governor.ts';
import * as Registry from '../../governance/targets/registry.ts';
import { ROOT, state } from './book.ts';

const target = Simulate.rehearsalTarget();
const book = state();
const FAR = 4_000_000_000;

describe('registry contract', () => {
  let anvil: Anvil;
  let node: Node.Node;
  const rpc = (method: string, ...params: readonly unknown[]) =>
    (node.client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>)({ method, params });

  beforeAll(async () => {
    anvil = await startAnvil({ chainId: target.chainId, genesisSeconds: Math.floor(Date.parse(book.asOf) / 1000) });
    node = await Node.open(anvil.url, AbortSignal.timeout(60_000));
    const [deployer, first, second] = node.accounts;
    await Simulate.deploy(node, book, target, [deployer!, first!, second!]);
    await rpc('anvil_impersonateAccount', target.timelock);
    await rpc('anvil_setBalance', target.timelock, '0xde0b6b3a7640000');
  }, 30_000);
  afterAll(() => anvil.stop());

  /** The name of the revert when the timelock itself asks, or null. */
  async function asked(changes: readonly Registry.Change[], evidenceRoot = ROOT, validUntilSeconds = FAR): Promise<string | null> {
    const refused = await Node.whyRefused(
      node.client,
      target.timelock,
      target.registry,
      Registry.encode({ changes, evidenceRoot, validUntilSeconds }),
    );
    return refused === 'no revert when asked again' ? null : refused;
  }

  const held = Object.fromEntries(book.assets.map(({ asset, parameters }) => [asset, Registry.valuesOf(parameters)]));
  const weth = held['WETH']!;
  const change: Registry.Change = { asset: 'WETH', from: weth, to: { ...weth, haircutBps: 2_000 } };

  it('is owned by the timelock, whose only proposer is the Governor and whose admin is itself', async () => {
    const abi = parseAbi(['function hasRole(bytes32,address) view returns (bool)', 'function PROPOSER_ROLE() view returns (bytes32)']);
    const has = (role: `0x${string}`, account: `0x${string}`) =>
      readContract(node.client, { address: target.timelock, abi, functionName: 'hasRole', args: [role, account] });
    const proposer = await readContract(node.client, { address: target.timelock, abi, functionName: 'PROPOSER_ROLE' });
    expect(await readContract(node.client, { address: target.registry, abi: Registry.ABI, functionName: 'owner' })).toBe(target.timelock);
    expect(await has(proposer, target.governor)).toBe(true);
    expect(await has(zeroHash, target.timelock)).toBe(true);
    for (const account of node.accounts) expect([await has(proposer, account), await has(zeroHash, account)]).toEqual([false, false]);
  });

  it('holds today’s parameters, in the state’s names', async () => {
    expect(await Governor.read(node.client, target)).toEqual(held);
  });

  it('names each refusal', async () => {
    const other = { asset: 'WBTC', from: held['WBTC']!, to: { ...held['WBTC']!, haircutBps: 2_650 } };
    expect(await asked([change])).toBeNull();
    expect(await asked([other, change])).toBeNull();
    expect(await asked([change, other])).toBe('NotIncreasing');
    expect(await asked([change, change])).toBe('NotIncreasing');
    expect(await asked([])).toBe('NothingToChange');
    expect(await asked([change], `sha256:${'0'.repeat(64)}`)).toBe('NoEvidence');
    expect(await asked([change], ROOT, Math.floor(Date.parse(book.asOf) / 1000) - 1)).toBe('Expired');
    expect(await asked([{ ...change, asset: 'DOGE' }])).toBe('NotListed');
    expect(await asked([{ ...change, from: change.to }])).toBe('StateMoved');
    expect(await asked([{ ...change, from: { ...weth, liquidationBonusBps: 501 } }])).toBe('StateMoved');
    expect(await asked([{ ...change, to: weth }])).toBe('SameValues');
    expect(await asked([{ ...change, to: { ...weth, liquidationThresholdBps: 8_200, liquidationBonusBps: 600 } }])).toBe(
      'BonusWithLowerThreshold',
    );
    expect(await asked([other, { ...change, to: { ...weth, haircutBps: 1_699 } }])).toBe('LtvAboveThreshold');
  });

  it('holds for the last second of the advice and not a second longer', async () => {
    const { timestamp } = (await rpc('eth_getBlockByNumber', 'latest', false)) as { timestamp: string };
    expect(await asked([change], ROOT, Number(timestamp))).toBeNull();
    expect(await asked([change], ROOT, Number(timestamp) - 1)).toBe('Expired');
  });

  it('lists new assets for the timelock alone, once, inside the same bounds', async () => {
    const listed = async (from: `0x${string}`, asset: string, to: Partial<Registry.Values> = {}) => {
      const args = [[{ asset: Registry.toKey(asset), values: { ...weth, ...to } }]] as const;
      return Node.whyRefused(node.client, from, target.registry, encodeFunctionData({ abi: Registry.ABI, functionName: 'list', args }));
    };
    expect(await listed(target.timelock, 'LINK')).toBe('no revert when asked again');
    expect(await listed(node.accounts[0]!, 'LINK')).toBe('OwnableUnauthorizedAccount');
    expect(await listed(target.timelock, 'WETH')).toBe('AlreadyListed');
    expect(await listed(target.timelock, 'LINK', { liquidationBonusBps: 2_049 })).toBe('LiquidationUnprofitable');
  });

  it('keeps to its limits to the unit: the limit passes, one beyond fails', async () => {
    const at = (to: Partial<Registry.Values>) => asked([{ ...change, to: { ...weth, ...to } }]);
    expect(await at({ haircutBps: 1_700 })).toBeNull();
    expect(await at({ haircutBps: 10_000 })).toBeNull();
    expect(await at({ haircutBps: 10_001 })).toBe('HaircutOutOfBounds');
    expect(await at({ marginMultiplierPpm: 100_000 })).toBeNull();
    expect(await at({ marginMultiplierPpm: 99_999 })).toBe('MultiplierOutOfBounds');
    expect(await at({ marginMultiplierPpm: 20_000_000 })).toBeNull();
    expect(await at({ marginMultiplierPpm: 20_000_001 })).toBe('MultiplierOutOfBounds');
    expect(await at({ liquidationThresholdBps: 9_523 })).toBeNull();
    expect(await at({ liquidationThresholdBps: 9_524 })).toBe('LiquidationUnprofitable');
    expect(await at({ liquidationThresholdBps: 10_001 })).toBe('ThresholdOutOfBounds');
    expect(await at({ haircutBps: 10_000, liquidationThresholdBps: 8_300, liquidationBonusBps: 2_048 })).toBeNull();
    expect(await at({ liquidationBonusBps: 2_049 })).toBe('LiquidationUnprofitable');
    expect(await at({ liquidationBonusBps: 5_001 })).toBe('BonusOutOfBounds');
    const perp = { asset: 'SOL-PERP', from: held['SOL-PERP']! };
    const from0 = (to: Partial<Registry.Values>) => asked([{ ...perp, to: { ...perp.from, ...to } }]);
    expect(await from0({ liquidationBonusBps: 5_000 })).toBeNull();
    expect(await from0({ liquidationBonusBps: 5_001 })).toBe('BonusOutOfBounds');
    expect(await from0({ liquidationThresholdBps: 8_000, liquidationBonusBps: 2_500 })).toBeNull();
    expect(await from0({ liquidationThresholdBps: 8_000, liquidationBonusBps: 2_501 })).toBe('LiquidationUnprofitable');
  });

  it('agrees with the rule off chain on random changes', { timeout: 60_000 }, async () => {
    const near = (value: number, spread: number, max: number) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: -spread, max: spread }).map((by) => Math.min(max, Math.max(0, value + by))) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max }) },
      );
    const anyChange = fc.constantFrom(...Object.keys(held), 'DOGE').chain((asset) => {
      const from = held[asset] ?? weth;
      const to = fc.record({
        haircutBps: near(from.haircutBps, 600, 65_535),
        liquidationThresholdBps: near(from.liquidationThresholdBps, 600, 65_535),
        liquidationBonusBps: near(from.liquidationBonusBps, 200, 65_535),
        marginMultiplierPpm: near(from.marginMultiplierPpm, 950_000, 4_294_967_295),
      });
      return fc.record({
        asset: fc.constant(asset),
        from: fc.oneof({ weight: 9, arbitrary: fc.constant(from) }, { weight: 1, arbitrary: to }),
        to,
      });
    });
    const seen = new Set<string | null>();
    await fc.assert(
      fc.asyncProperty(anyChange, async (given) => {
        const expected = Registry.refusal(given, held[given.asset]);
        seen.add(expected);
        expect(await asked([given])).toBe(expected);
      }),
      { numRuns: 500 },
    );
    // The comparison is worth something only if both verdicts and most refusals occurred.
    expect(seen.size).toBeGreaterThanOrEqual(7);
    expect(seen).toContain(null);
  });

  it('applies once: the same bytes again find the state moved', async () => {
    const data = Registry.encode({ changes: [change], evidenceRoot: ROOT, validUntilSeconds: FAR });
    const receipt = await node.send('update', target.timelock, target.registry, data);
    expect(receipt.logs[0]!.topics[1]).toBe(Registry.toKey('WETH'));
    expect(receipt.logs[0]!.topics[2]).toBe(`0x${ROOT.slice(7)}`);
    expect(await asked([change])).toBe('StateMoved');
    expect((await Governor.read(node.client, target))['WETH']).toEqual(change.to);
  });
});
