/** Two ways to one parameter over Aave's own PoolConfigurator: attested updates through the guard, a Safe's proposal through its timelock. */
import { type Hex, zeroAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digest, seal } from '../../../base/id.ts';
import * as Artifacts from '../../../governance/contracts/artifacts.ts';
import { draftAt } from '../../../governance/draft-venue.ts';
import * as GuardFile from '../../../governance/guard-file.ts';
import * as Parity from '../../../governance/guard-parity.ts';
import type { Signed } from '../../../governance/guard-rehearsal.ts';
import * as ParityReport from '../../../governance/parity-report.ts';
import { Venue } from '../../../governance/venue.ts';
import { place } from '../aave-safe.ts';
import * as Book from '../book.ts';
import * as Safes from '../safes.ts';
import { DAY, type Guarded, guarded } from './guarded.ts';

describe('the guard’s way and governance’s own', { timeout: 180_000 }, () => {
  let stage: Guarded;
  let venue: Venue;
  let timelock: Hex;

  beforeAll(async () => {
    stage = await guarded();
    const { chain, aave } = stage;
    const makers = await Safes.makers(chain);
    const owners = [1, 2, 3].map((number) => Safes.key(number).address);
    const safe = await Safes.create(chain, makers, owners, 2);
    const made = await chain.deploy({ ...Artifacts.TIMELOCK, linkReferences: {} }, [
      BigInt(2 * DAY),
      [safe.address],
      [zeroAddress],
      zeroAddress,
    ]);
    timelock = made.address;
    await chain.send(aave.acl, 'addRiskAdmin', [timelock]);
    const assets = Object.fromEntries(aave.tokens.map(({ symbol, address }) => [symbol, address]));
    venue = Venue.parse({
      parameters: {
        target: 'aave-v3-configurator',
        chainId: 31_337,
        pool: aave.pool.address,
        configurator: aave.configurator.address,
        assets,
      },
      route: {
        route: 'safe',
        safe: safe.address,
        multiSend: makers.multiSend.address,
        timelock: { address: timelock, delaySeconds: 2 * DAY },
      },
    });
  }, 180_000);
  afterAll(() => stage.chain.stop());

  type Moves = Partial<Record<'haircutBps' | 'liquidationThresholdBps', number>>;
  async function proposal(moves: Moves) {
    const plain = Book.state();
    const row = plain.assets.find(({ asset }) => asset === 'WETH')!;
    const before = {
      haircutBps: 2_500,
      liquidationThresholdBps: 8_000,
      liquidationBonusBps: 500,
      supplyCapTokens: 100_000,
      borrowCapTokens: 100_000,
    };
    const state = Book.state({
      ...{ chainId: 31_337, asOf: new Date((await stage.now()) * 1000).toISOString(), lending: [] },
      assets: [{ ...row, priceUsd: 2_000, parameters: { ...row.parameters, ...before } }],
    });
    const { id: _, ...advice } = Book.advised(state, { WETH: moves });
    const advised = seal({ ...advice, expiresAt: new Date(Date.parse(state.asOf) + 7 * DAY * 1000).toISOString() });
    const drafted = draftAt(advised, state, await place(stage.chain, venue), Book.ROOT);
    if (drafted.kind !== 'venue-proposal') throw new Error(`${drafted.reason}: ${drafted.says}`);
    return drafted;
  }
  async function signed(moves: Moves, signers = 2): Promise<Signed> {
    const from = await stage.held();
    const to = { ltvBps: BigInt(10_000 - (moves.haircutBps ?? 2_500)), thresholdBps: BigInt(moves.liquidationThresholdBps ?? 8_000) };
    const update = await stage.update({ ...from, ...to });
    let file = GuardFile.make(update, stage.domain, 'WETH', digest('bundle'));
    for (const key of stage.keys.slice(0, signers))
      file = await GuardFile.attested(null, file, key.address, await key.sign({ hash: file.hashes.digest }));
    return { file, update };
  }
  const compare = async (updates: readonly Signed[], one: Awaited<ReturnType<typeof proposal>>) =>
    Parity.compare({ updates, proposal: one, venue, rpcUrl: stage.chain.url, block: await stage.chain.client.getBlockNumber() });

  it('agree to the bit, in every lane, and differ in delay and in who can stop them', async () => {
    for (const [moves, seconds] of [
      [{ haircutBps: 2_700 }, 0],
      [{ haircutBps: 2_450 }, DAY],
      // Two steps of ten basis points, a day apart, after the wait.
      [{ haircutBps: 2_550, liquidationThresholdBps: 7_980 }, 3 * DAY],
    ] as const) {
      const found = await compare([await signed(moves)], await proposal(moves));
      expect([found.guard.refused, found.governance.refused, found.agree]).toEqual([null, null, true]);
      expect(found.compared).toBe(22);
      expect(Math.abs(found.guard.delaySeconds - seconds)).toBeLessThan(60);
      expect(Math.abs(found.governance.delaySeconds - 2 * DAY)).toBeLessThan(60);
      expect(found.guard.gates.every(({ open }) => open)).toBe(true);
      expect(found.guard.stops[0]).toContain(stage.guardian);
      expect(found.governance.stops[0]).toBe('owners of the Safe: 2 of 3 who do not sign');
    }
    expect(await stage.held()).toMatchObject({ ltvBps: 7_500n, thresholdBps: 8_000n });
  });

  it('are told apart by one basis point, by an asset only one of them moves, and by a way that is shut', async () => {
    const near = await compare([await signed({ haircutBps: 2_700 })], await proposal({ haircutBps: 2_701 }));
    expect(near.agree).toBe(false);
    expect(near.rows).toEqual([
      {
        name: 'WETH.ltv',
        before: '7500',
        wanted: { guard: '7300', governance: '7299' },
        held: { guard: '7300', governance: '7299' },
        equal: false,
      },
    ]);
    expect(ParityReport.render(near)).toContain('| WETH.ltv | 7500 | 7300 | 7299 | 7300 | 7299 | **differs** |');
    const more = await compare(
      [await signed({ haircutBps: 2_700 })],
      await proposal({ haircutBps: 2_700, liquidationThresholdBps: 8_010 }),
    );
    expect(more.rows.filter(({ equal }) => !equal).map(({ name }) => name)).toEqual(['WETH.liquidationThreshold']);
    // A step that only governance may take.
    const far = await compare([await signed({ haircutBps: 4_000 })], await proposal({ haircutBps: 4_000 }));
    expect([far.agree, far.guard.refused, far.governance.refused]).toEqual([false, expect.stringContaining('StepTooLarge'), null]);
    expect(far.rows).toMatchObject([
      { name: 'WETH.ltv', wanted: { guard: '6000', governance: '6000' }, held: { guard: '7500', governance: '6000' }, equal: false },
    ]);
    // Signed and never written is another than never asked for, though the market holds the same.
    const asked = await compare([await signed({ haircutBps: 4_000 })], await proposal({ liquidationThresholdBps: 8_010 }));
    expect(asked.rows).toContainEqual(
      expect.objectContaining({ name: 'WETH.ltv', held: { guard: '7500', governance: '7500' }, equal: false }),
    );
    // Two ways that are both shut agree on nothing.
    const [snapshot, both] = [await stage.chain.rpc('evm_snapshot'), await proposal({ haircutBps: 4_000 })];
    await stage.chain.send(stage.aave.acl, 'removeRiskAdmin', [timelock]);
    const none = await compare([await signed({ haircutBps: 4_000 })], both);
    await stage.chain.rpc('evm_revert', snapshot);
    expect([none.agree, none.rows, none.guard.refused, none.governance.refused]).toEqual([
      false,
      [],
      expect.any(String),
      expect.any(String),
    ]);
  });

  it('are compared before anybody has attested, and say so', async () => {
    const found = await compare([await signed({ haircutBps: 2_450 }, 0)], await proposal({ haircutBps: 2_450 }));
    expect([found.agree, found.guard.gates.filter(({ open }) => !open)]).toEqual([
      true,
      [{ gate: 'WETH: attestors', open: false, says: '0 of 2 attestations count' }],
    ]);
    expect(ParityReport.render(found)).toContain('- guard, WETH: attestors: 0 of 2 attestations count');
    // On the copy only.
    expect(await stage.chain.client.getCode({ address: stage.keys[0]!.address })).toBeUndefined();
  });

  it('are not compared where there is nothing to compare', async () => {
    const one = await proposal({ haircutBps: 2_450 });
    await expect(compare([], one)).rejects.toThrow(Parity.NoParityError);
    const { file, update } = await signed({ haircutBps: 2_450 });
    await expect(compare([{ file, update: { ...update, asset: `0x${'00'.repeat(31)}01` } }], one)).rejects.toThrow(
      /an asset that the venue names/,
    );
    await expect(compare([{ file: { ...file, chainId: 1 }, update }], one)).rejects.toThrow(/chain 31337/);
  });
});
