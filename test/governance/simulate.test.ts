import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { parseAbi, zeroHash } from 'viem';
import { readContract } from 'viem/actions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, DidNotStartError, findAnvil, NotInstalledError, startAnvil } from '../../governance/anvil.ts';
import { draft } from '../../governance/draft.ts';
import { Execution, type Proposal } from '../../governance/proposal.ts';
import * as Simulate from '../../governance/simulate.ts';
import * as Governor from '../../governance/targets/governor.ts';
import * as Registry from '../../governance/targets/registry.ts';
import { ROOT, recommendation, state } from './book.ts';

const target = Simulate.rehearsalTarget();
const book = state();
const drafted = draft(recommendation(book), book, target, ROOT) as Proposal;
const FAR = 4_000_000_000;

async function answers(url: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
    () => true,
    () => false,
  );
}

describe('rehearsal on a real node', () => {
  it('proposes, votes, queues, is refused early, executes and reads every value back', { timeout: 30_000 }, async () => {
    const { execution } = await Simulate.rehearse({ proposal: drafted, state: book });
    expect(Execution.parse(execution)).toEqual(execution);
    expect(execution.ok).toBe(true);
    expect(execution.steps.map(({ step }) => step)).toEqual([
      'deploy token',
      'deploy timelock',
      'deploy governor',
      'deploy registry',
      'delegate',
      'delegate',
      'delegate',
      'update by an outsider, refused: OwnableUnauthorizedAccount',
      'propose',
      'vote for',
      'vote for',
      'queue',
      'execute before the delay is over, refused: TimelockUnexpectedOperationState',
      'execute',
      'execute a second time, refused: GovernorUnexpectedProposalState',
    ]);
    const changed = execution.readBack.filter(({ before, after }) => before !== after);
    expect(changed.map(({ asset, field, after }) => `${asset}.${field}=${after}`)).toEqual([
      'WBTC.haircutBps=2650',
      'WETH.haircutBps=2100',
      'WETH.marginMultiplierPpm=1250000',
    ]);
    expect(execution.readBack).toHaveLength(book.assets.length * Registry.FIELDS.length);
  });

  it('refuses bytes or text that are not those of the reviewed id', { timeout: 30_000 }, async () => {
    const call = drafted.calls[0]!;
    const other = { ...call, data: call.data.replace(/0834/, '0833') as typeof call.data };
    expect(other.data).not.toBe(call.data);
    await expect(Simulate.rehearse({ proposal: { ...drafted, calls: [other] }, state: book })).rejects.toThrow(Simulate.TamperedError);
    const text = drafted.description.replace('21.00 %', '20.00 %');
    await expect(Simulate.rehearse({ proposal: { ...drafted, description: text }, state: book })).rejects.toThrow(Simulate.TamperedError);
  });

  it('fails where the chain holds other values than the proposal starts from', { timeout: 30_000 }, async () => {
    const assets = book.assets.map((item) =>
      item.asset === 'WETH' ? { ...item, parameters: { ...item.parameters, haircutBps: 2_000 } } : item,
    );
    const moved = Simulate.rehearse({ proposal: drafted, state: { ...book, assets } });
    await expect(moved).rejects.toMatchObject({ name: 'Simulate.RevertedError', facts: { got: 'StateMoved', where: 'execute' } });
  });

  it('sees a value that was not asked for', () => {
    const held = Object.fromEntries(book.assets.map(({ asset, parameters }) => [asset, Registry.valuesOf(parameters)]));
    const { changes } = Registry.decode(drafted.calls[0]!.data);
    const wanted = { ...held, ...Object.fromEntries(changes.map(({ asset, to }) => [asset, to])) };
    expect(Simulate.compare(held, changes, wanted).every(({ matches }) => matches)).toBe(true);
    const astray = { ...wanted, CRV: { ...wanted['CRV']!, liquidationBonusBps: 1 }, NEW: wanted['CRV']! };
    const mismatches = Simulate.compare(held, changes, astray).filter(({ matches }) => !matches);
    expect(mismatches.map(({ asset, field }) => `${asset}.${field}`)).toEqual([
      'CRV.liquidationBonusBps',
      ...Registry.FIELDS.map((field) => `NEW.${field}`),
    ]);
    expect(Simulate.compare(held, changes, held).filter(({ matches }) => !matches)).toHaveLength(3);
  });

  it('stops at once when aborted, and after its time', { timeout: 30_000 }, async () => {
    const controller = new AbortController();
    const aborted = Simulate.rehearse({
      proposal: drafted,
      state: book,
      signal: controller.signal,
      onStep: (step) => step === 'vote for' && controller.abort(new Error('Ctrl-C')),
    });
    await expect(aborted).rejects.toThrow('Ctrl-C');
    await expect(Simulate.rehearse({ proposal: drafted, state: book, signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    );
    await expect(Simulate.rehearse({ proposal: drafted, state: book, timeoutMs: 20 })).rejects.toThrow(Simulate.TimedOutError);
  });
});

describe('node', () => {
  it('says what to do where the binary is missing or does not start', async () => {
    expect(() => findAnvil('plan9', 'mips')).toThrow(NotInstalledError);
    const started = startAnvil({ chainId: 1, genesisSeconds: 0, binary: '/nonexistent/anvil' });
    await expect(started).rejects.toThrow(DidNotStartError);
  });

  it('does not outlive the process that started it, even killed', { timeout: 30_000 }, async () => {
    const file = fileURLToPath(new URL('../../governance/anvil.ts', import.meta.url));
    const script = `import { startAnvil } from ${JSON.stringify(file)};
      console.log((await startAnvil({ chainId: 1, genesisSeconds: 0 })).url);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    expect(await answers(url)).toBe(true);
    child.kill('SIGKILL');
    for (let tries = 0; tries < 100 && (await answers(url)); tries += 1) await setTimeout(50);
    expect(await answers(url)).toBe(false);
  });
});

describe('registry contract', () => {
  let anvil: Anvil;
  let node: Simulate.Node;
  const rpc = (method: string, ...params: readonly unknown[]) =>
    (node.client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>)({ method, params });

  beforeAll(async () => {
    anvil = await startAnvil({ chainId: target.chainId, genesisSeconds: Math.floor(Date.parse(book.asOf) / 1000) });
    node = await Simulate.open(anvil.url, AbortSignal.timeout(60_000));
    const [deployer, first, second] = node.accounts;
    await Simulate.deploy(node, book, target, [deployer!, first!, second!]);
    await rpc('anvil_impersonateAccount', target.timelock);
    await rpc('anvil_setBalance', target.timelock, '0xde0b6b3a7640000');
  }, 30_000);
  afterAll(() => anvil.stop());

  /** The name of the revert when the timelock itself asks, or null. */
  async function asked(changes: readonly Registry.Change[], evidenceRoot = ROOT, validUntilSeconds = FAR): Promise<string | null> {
    const refused = await Simulate.whyRefused(
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
