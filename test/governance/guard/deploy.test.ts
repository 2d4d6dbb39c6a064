import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plimsoll } from '../../api/command.ts';
import { type Guarded, guarded } from './guarded.ts';

type Drafted = {
  readonly guard: Hex;
  readonly market: Hex;
  readonly transactions: readonly { readonly creates: Hex; readonly transaction: Readonly<Record<string, unknown>> }[];
  readonly grants: readonly { readonly to: Hex; readonly data: Hex; readonly says: string }[];
};

describe('a guard put on chain by somebody else’s signer', () => {
  let stage: Guarded;
  let folder: string;
  const file = () => join(folder, 'guard.json');
  const write = (change: Readonly<Record<string, unknown>> = {}) => writeFileSync(file(), JSON.stringify({ ...stage.plan, ...change }));
  const typeOf = (text: string) => (JSON.parse(text) as { type: string }).type;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-guard-'));
    stage = await guarded();
  });
  afterAll(async () => {
    await stage.chain.stop();
    rmSync(folder, { recursive: true });
  });

  it('stands where the command said, belongs to whom the plan says, and works once governance grants its right', async () => {
    write();
    const from = stage.relayer;
    const { code, stdout } = await plimsoll(['guard', 'deploy', file(), '--from', from, '--rpc', stage.chain.url, '--json']);
    expect(code).toBe(0);
    const { guard, market, transactions, grants } = JSON.parse(stdout) as Drafted;
    for (const { transaction, creates } of transactions) {
      const { chainId: _, nonce, ...rest } = transaction;
      const hash = (await stage.chain.rpc('eth_sendTransaction', { ...rest, nonce: `0x${Number(nonce).toString(16)}` })) as Hex;
      expect((await stage.chain.receipt(hash)).contractAddress?.toLowerCase()).toBe(creates.toLowerCase());
    }
    const checked = await plimsoll(['guard', 'check', file(), '--guard', guard, '--market', market, '--rpc', stage.chain.url, '--json']);
    expect([checked.code, JSON.parse(checked.stdout)]).toEqual([0, { ok: true, guard: guard.toLowerCase(), market: market.toLowerCase() }]);
    expect(await stage.chain.read(stage.aave.acl, 'isRiskAdmin', [market])).toBe(false);
    await stage.govern(grants);
    expect(await stage.chain.read(stage.aave.acl, 'isRiskAdmin', [market])).toBe(true);
  });

  it('is not taken for the planned one where owner, quorum or market are others', async () => {
    const { guard, market } = stage.deployment;
    for (const change of [{ timelock: stage.relayer }, { quorum: 3 }, { guardian: stage.borrower }]) {
      write(change);
      const said = await plimsoll(['guard', 'check', file(), '--guard', guard, '--market', market, '--rpc', stage.chain.url, '--json']);
      expect([said.code, typeOf(said.stdout)]).toEqual([1, 'GuardDeploy.OtherGuardError']);
    }
  });

  it.each([
    ['a quorum nobody reaches', () => ({ quorum: 4 })],
    ['an attestor twice', () => ({ attestors: [stage.plan.attestors[0], stage.plan.attestors[0]] })],
    ['a guardian who attests', () => ({ guardian: stage.plan.attestors[0] })],
    ['a timelock that is the guardian', () => ({ timelock: stage.plan.guardian })],
    ['another market', () => ({ market: { kind: 'compound' } })],
    ['one field too many', () => ({ owner: stage.relayer })],
  ])('is not planned with %s', async (_, change) => {
    write(change());
    const said = await plimsoll(['guard', 'deploy', file(), '--from', stage.relayer, '--rpc', stage.chain.url, '--json']);
    expect([said.code, typeOf(said.stdout)]).toEqual([1, 'GuardPlan.BadPlanError']);
  });
});
