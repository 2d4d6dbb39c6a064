import { encodeFunctionData, type Hex, parseAbi, zeroHash } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as Guard from '../../../governance/guard.ts';
import { ABI } from '../../../governance/guard-abi.ts';
import * as GuardLimits from '../../../governance/guard-limits.ts';
import * as GuardPolicy from '../../../governance/guard-policy.ts';
import { DAY, type Guarded, guarded } from './guarded.ts';

const AAVE = parseAbi([
  'function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus)',
  'function getUserAccountData(address user) view returns (uint256, uint256, uint256, uint256, uint256, uint256 health)',
  'function isRiskAdmin(address) view returns (bool)',
  'function isPoolAdmin(address) view returns (bool)',
]);

describe('a guard over Aave v3’s own PoolConfigurator', () => {
  let stage: Guarded;
  let snapshot: unknown;

  beforeAll(async () => {
    stage = await guarded();
  });
  afterAll(() => stage.chain.stop());
  beforeEach(async () => {
    if (snapshot !== undefined) await stage.chain.rpc('evm_revert', snapshot);
    snapshot = await stage.chain.rpc('evm_snapshot');
  });

  const refusedSubmit = async (update: Guard.Update, attestations?: readonly Guard.Attestation[]) =>
    stage.refusal(Guard.submitData(update, attestations ?? (await stage.attest(update))));
  const health = async () =>
    (
      await stage.chain.client.readContract({
        address: stage.aave.pool.address,
        abi: AAVE,
        functionName: 'getUserAccountData',
        args: [stage.borrower],
      })
    )[5];
  const paused = encodeFunctionData({ abi: ABI, functionName: 'pause' });

  it('holds RISK_ADMIN and nothing else, in the adapter, given by the timelock', async () => {
    const { acl } = stage.aave;
    const roles = async (account: Hex) => [
      await stage.chain.read(acl, 'isRiskAdmin', [account]),
      await stage.chain.read(acl, 'isPoolAdmin', [account]),
    ];
    expect(await roles(stage.deployment.market)).toEqual([true, false]);
    expect(await roles(stage.guard)).toEqual([false, false]);
    expect(await GuardPolicy.read(stage.chain.client, stage.guard, stage.asset)).toEqual(stage.guardPolicy);
    expect((await Guard.readStatus(stage.chain.client, stage.guard, stage.asset)).policyHash).toBe(stage.policyHash);
  });

  it('applies an attested update after its wait, and the market holds it', async () => {
    const update = await stage.update({ ltvBps: 7_550n, supplyCapTokens: 110_000n });
    expect(
      await stage.chain.client.readContract({ address: stage.guard, abi: ABI, functionName: 'digestOf', args: [Guard.toAbi(update)] }),
    ).toBe(Guard.digest(update, stage.domain));
    await stage.submit(update);
    expect(await stage.held()).toEqual(update.from);
    expect(await stage.refusal(Guard.executeData(update))).toBe('TooEarly');
    await stage.tick(DAY);
    const receipt = await stage.execute(update);
    expect(await stage.held()).toEqual(update.to);
    const applied = receipt.logs.find(({ address }) => address.toLowerCase() === stage.guard.toLowerCase());
    expect(applied?.topics.slice(1)).toEqual([stage.asset, Guard.digest(update, stage.domain), update.evidenceRoot]);
    const { data } = await stage.chain.read<{ data: bigint }>(stage.aave.pool, 'getConfiguration', [stage.weth.address]);
    // Aave's own form: LTV, threshold and 10500 for a bonus of 5 %.
    expect([data & 0xffffn, (data >> 16n) & 0xffffn, (data >> 32n) & 0xffffn]).toEqual([7_550n, 8_000n, 10_500n]);
    expect((data >> 116n) & ((1n << 36n) - 1n)).toBe(110_000n);
  });

  it('reduces at once', async () => {
    await stage.submit(await stage.update({ ltvBps: 7_300n, borrowCapTokens: 5_000n }));
    expect(await stage.held()).toMatchObject({ ltvBps: 7_300n, borrowCapTokens: 5_000n });
  });

  it('lowers a threshold by ten basis points a day, so nobody is liquidatable at once', async () => {
    const before = Number(await health());
    const update = await stage.update({ thresholdBps: 7_950n });
    await stage.submit(update);
    await stage.tick(DAY);
    await stage.execute(update);
    expect((await stage.held()).thresholdBps).toBe(8_000n);
    const advance = encodeFunctionData({ abi: ABI, functionName: 'advance', args: [stage.asset] });
    for (let day = 1; day <= 5; day += 1) {
      expect(await stage.refusal(advance)).toBe('TooEarly');
      await stage.tick(DAY);
      await stage.transact(stage.relayer, stage.guard, advance);
      expect((await stage.held()).thresholdBps).toBe(8_000n - 10n * BigInt(day));
    }
    // Interest of a week moves the fifth digit.
    expect(Number(await health()) / before).toBeCloseTo(7_950 / 8_000, 3);
    expect(await stage.refusal(advance)).toBe('NoRamp');
  });

  it('refuses what Aave’s rounding takes: 93 % × 107.53 % is more than 1', async () => {
    // In Aave's hands it passes; 9300 × 10753 = 100,002,900.
    const direct = (bonus: bigint) =>
      encodeFunctionData({ abi: AAVE, functionName: 'configureReserveAsCollateral', args: [stage.weth.address, 7_500n, 9_300n, bonus] });
    const [owner] = stage.chain.accounts as [Hex];
    expect(await stage.refusal(direct(10_753n), owner, stage.aave.configurator.address)).toBeNull();
    expect(await stage.refusal(direct(10_754n), owner, stage.aave.configurator.address)).not.toBeNull();
    // Without a buffer in the policy, and from just below, the guard's exact product refuses it.
    await stage.transact(owner, stage.aave.configurator.address, direct(10_752n));
    const wide = {
      ...stage.guardPolicy,
      bufferBps: 0n,
      fields: { ...stage.guardPolicy.fields, bonusBps: { ...stage.guardPolicy.fields.bonusBps, above: 400n } },
    };
    await stage.govern([{ to: stage.guard, data: GuardPolicy.setPolicyData(stage.asset, wide, (await stage.now()) + 30 * DAY) }]);
    expect(await refusedSubmit(await stage.update({}))).toBeNull();
    expect(await refusedSubmit(await stage.update({ bonusBps: 753n }))).toBe('LiquidationUnprofitable');
  });

  it('is refused where a bare RISK_ADMIN is not: LTV 9 %, threshold 10 % in one call', async () => {
    const [owner] = stage.chain.accounts as [Hex];
    const data = encodeFunctionData({
      abi: AAVE,
      functionName: 'configureReserveAsCollateral',
      args: [stage.weth.address, 900n, 1_000n, 10_500n],
    });
    expect(await stage.refusal(data, owner, stage.aave.configurator.address)).toBeNull();
    expect(await refusedSubmit(await stage.update({ ltvBps: 900n, thresholdBps: 1_000n }))).toBe('StepTooLarge');
  });

  it('says off chain, from what the chain tells, what the guard will say', async () => {
    const { client } = stage.chain;
    await stage.submit(await stage.update({ ltvBps: 7_400n }));
    await stage.tick(3 * DAY);
    const limits = await GuardPolicy.read(client, stage.guard, stage.asset);
    const past = await GuardPolicy.readPast(client, stage.guard, stage.asset, limits);
    expect(past.ltvBps.down.sums[0]).toEqual({ windowSeconds: BigInt(7 * DAY), moved: 100n });
    for (const [to, verdict] of [
      [{ ltvBps: 7_100n }, null],
      [{ ltvBps: 6_899n }, 'StepTooLarge'],
      [{ ltvBps: 7_500n }, null],
      [{ thresholdBps: 8_050n, bonusBps: 525n }, null],
      [{ thresholdBps: 7_990n, bonusBps: 525n }, 'LiquidatorsCombination'],
      [{ ltvBps: 7_450n, thresholdBps: 7_640n }, 'StepTooLarge'],
      [{ supplyCapTokens: Guard.UNCAPPED }, 'StepTooLarge'],
      [{ multiplierPpm: 1n }, 'ZeroValue'],
    ] as const) {
      const update = await stage.update(to);
      const nowSeconds = BigInt(await stage.now());
      const ruling = GuardLimits.check(limits, past, { from: update.from, to: update.to, newlyLiquidatable: 0, nowSeconds });
      expect(ruling.ok ? null : ruling.error).toBe(verdict);
      expect(await stage.refusal(encodeFunctionData({ abi: ABI, functionName: 'judge', args: [Guard.toAbi(update)] }))).toBe(verdict);
    }
  });

  describe('twelve attacks', () => {
    it('1 replay', async () => {
      const update = await stage.update({ ltvBps: 7_400n });
      await stage.submit(update);
      expect(await refusedSubmit(update)).toBe('BadNonce');
    });

    it('2 another chain, another guard', async () => {
      const update = await stage.update({ ltvBps: 7_400n });
      expect(await refusedSubmit(update, await stage.attest(update, stage.keys.slice(0, 2), { ...stage.domain, chainId: 1 }))).toBe(
        'BadSignature',
      );
      expect(
        await refusedSubmit(update, await stage.attest(update, stage.keys.slice(0, 2), { ...stage.domain, guard: stage.relayer })),
      ).toBe('BadSignature');
    });

    it('3 stale evidence', async () => {
      const old = BigInt((await stage.now()) - stage.guardPolicy.maxEvidenceAgeSeconds - 1);
      expect(await refusedSubmit(await stage.update({ ltvBps: 7_400n }, { evidenceTime: old }))).toBe('StaleEvidence');
      expect(await refusedSubmit(await stage.update({ ltvBps: 7_400n }, { evidenceRoot: zeroHash }))).toBe('NoEvidence');
    });

    it('4 the state moved', async () => {
      const update = await stage.update({ ltvBps: 7_400n });
      await stage.chain.send(stage.aave.configurator, 'setSupplyCap', [stage.weth.address, 99_999]);
      expect(await refusedSubmit(update)).toBe('StateMoved');
    });

    it('5 a stolen relay key', async () => {
      const update = await stage.update({ ltvBps: 7_400n });
      expect(await refusedSubmit(update, [])).toBe('TooFewAttestations');
      for (const data of [
        encodeFunctionData({ abi: ABI, functionName: 'unpause' }),
        encodeFunctionData({ abi: ABI, functionName: 'setAttestors', args: [[stage.relayer], 1n] }),
        encodeFunctionData({ abi: ABI, functionName: 'setGuardian', args: [stage.relayer] }),
        encodeFunctionData({ abi: ABI, functionName: 'renewLease', args: [stage.asset, 0n] }),
        GuardPolicy.setPolicyData(stage.asset, stage.guardPolicy, await stage.now()),
      ]) {
        expect(await stage.refusal(data)).toBe('OwnableUnauthorizedAccount');
      }
      expect(await stage.refusal(paused)).toBe('OnlyGuardian');
      const write = encodeFunctionData({
        abi: parseAbi([
          'struct V { uint16 a; uint16 b; uint16 c; uint32 d; uint64 e; uint64 f; }',
          'function write(bytes32 asset, V from, V to, bytes32 root)',
        ]),
        functionName: 'write',
        args: [stage.asset, { a: 1, b: 1, c: 1, d: 1, e: 1n, f: 1n }, { a: 1, b: 1, c: 1, d: 1, e: 1n, f: 1n }, zeroHash],
      });
      expect(await stage.refusal(write, stage.relayer, stage.deployment.market)).toBe('OnlyGuard');
    });

    it('6 one attestor lost', async () => {
      const update = await stage.update({ ltvBps: 7_400n });
      const [first, second] = await stage.attest(update);
      expect(await refusedSubmit(update, [first!])).toBe('TooFewAttestations');
      expect(await refusedSubmit(update, [first!, { signer: second!.signer, signature: first!.signature }])).toBe('BadSignature');
      expect(await refusedSubmit(update, [first!, { ...second!, signer: stage.relayer }])).toMatch(/NotAnAttestor|BadSignature/);
    });

    it('7 many small steps', async () => {
      const { budgets, cooldownSeconds } = stage.guardPolicy.fields.ltvBps;
      expect(budgets[1]).toEqual({ windowSeconds: BigInt(30 * DAY), up: 300n, down: 1_200n });
      for (const step of [100n, 50n, 100n, 50n]) {
        const update = await stage.update({ ltvBps: (await stage.held()).ltvBps + step });
        await stage.submit(update);
        await stage.tick(DAY);
        await stage.execute(update);
        await stage.tick(Number(cooldownSeconds));
      }
      expect((await stage.held()).ltvBps).toBe(7_800n);
      const more = { ltvBps: 7_801n, thresholdBps: 8_050n };
      expect(await refusedSubmit(await stage.update(more))).toBe('BudgetSpent');
      await stage.tick(30 * DAY);
      expect(await refusedSubmit(await stage.update(more))).toBeNull();
    });

    it('8 duplicate rows', async () => {
      const update = await stage.update({ ltvBps: 7_550n });
      const [one] = await stage.attest(update, stage.keys.slice(0, 1));
      expect(await refusedSubmit(update, [one!, one!])).toBe('NotAscending');
      await stage.submit(update);
      // The same row again, signed again for the next nonce.
      expect(await refusedSubmit(await stage.update({ ltvBps: 7_550n }))).toBe('UpdatePending');
    });

    it('9 the price moved', async () => {
      const update = await stage.update({ ltvBps: 7_550n });
      // 2 % of 2,000 dollars is 40: on the market's own oracle.
      await stage.chain.rpc(
        'anvil_setStorageAt',
        stage.weth.source.address,
        zeroHash,
        `0x${(2_041n * 10n ** 8n).toString(16).padStart(64, '0')}`,
      );
      expect(await stage.chain.read(stage.aave.oracle, 'getAssetPrice', [stage.weth.address])).toBe(2_041n * 10n ** 8n);
      expect(await refusedSubmit(update)).toBe('PriceMoved');
      await stage.feed(2_000n * 10n ** 8n, (await stage.now()) - 3_601);
      expect(await refusedSubmit(update)).toBe('StaleFeed');
    });

    it('10 paused', async () => {
      const update = await stage.update({ ltvBps: 7_400n });
      await stage.transact(stage.guardian, stage.guard, paused);
      expect(await refusedSubmit(update)).toBe('IsPaused');
      expect(await stage.refusal(encodeFunctionData({ abi: ABI, functionName: 'unpause' }), stage.guardian)).toBe(
        'OwnableUnauthorizedAccount',
      );
      await stage.govern([{ to: stage.guard, data: encodeFunctionData({ abi: ABI, functionName: 'unpause' }) }]);
      await stage.submit(await stage.update({ ltvBps: 7_400n }));
    });

    it('11 expired', async () => {
      expect(await refusedSubmit(await stage.update({ ltvBps: 7_400n }, { deadline: BigInt((await stage.now()) - 1) }))).toBe('Expired');
      await stage.tick(90 * DAY);
      expect(await refusedSubmit(await stage.update({ ltvBps: 7_400n }))).toBe('LeaseExpired');
    });

    it('12 the liquidator’s combination, at once and in two moves', async () => {
      expect(await refusedSubmit(await stage.update({ thresholdBps: 7_990n, bonusBps: 510n }))).toBe('LiquidatorsCombination');
      const update = await stage.update({ bonusBps: 510n });
      await stage.submit(update);
      await stage.tick(DAY);
      await stage.execute(update);
      await stage.tick(20 * DAY);
      expect(await refusedSubmit(await stage.update({ thresholdBps: 7_990n }))).toBe('LiquidatorsCombination');
    });

    it('and a veto: the guardian ends what waits, and what is signed for the next nonce', async () => {
      const update = await stage.update({ ltvBps: 7_550n });
      await stage.submit(update);
      const next = await stage.update({ ltvBps: 7_400n });
      await stage.transact(stage.guardian, stage.guard, encodeFunctionData({ abi: ABI, functionName: 'veto', args: [stage.asset] }));
      await stage.tick(DAY);
      expect(await stage.refusal(Guard.executeData(update))).toBe('NotPending');
      expect(await refusedSubmit(next)).toBe('BadNonce');
      expect(await refusedSubmit(await stage.update({ ltvBps: 7_550n }))).toBe('CoolingAfterVeto');
    });
  });
});
