/** Advice → update → attestations → gates → Aave's own PoolConfigurator → read back, by the commands that people use; and every gate shut once. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFunctionData, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../api/cli/program.ts';
import { digest } from '../../../base/id.ts';
import { ABI } from '../../../governance/guard-abi.ts';
import * as Apply from '../../../governance/guard-apply.ts';
import * as GuardFile from '../../../governance/guard-file.ts';
import * as Gates from '../../../governance/guard-gates.ts';
import * as GuardPolicy from '../../../governance/guard-policy.ts';
import * as GuardUpdate from '../../../governance/guard-update.ts';
import type { Recommendation } from '../../../tuner/recommendation.ts';
import * as Book from '../book.ts';
import { DAY, type Guarded, guarded } from './guarded.ts';

type Moves = Readonly<Record<'haircutBps' | 'liquidationThresholdBps', number>>;

describe('an attested update, from advice to Aave', () => {
  let stage: Guarded;
  let snapshot: unknown;
  let folder: string;
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-apply-'));
    stage = await guarded();
  });
  afterAll(async () => {
    await stage.chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    if (snapshot !== undefined) await stage.chain.rpc('evm_revert', snapshot);
    snapshot = await stage.chain.rpc('evm_snapshot');
    for (const name of ['u.json', 'u.json.rollback.json', 'STOP']) rmSync(at(name), { force: true });
  });

  /** WETH stands at a haircut of 25 % and a threshold of 80 %, as on the stage; the book has nobody in debt. */
  async function drafted(to: Partial<Moves>, held: Partial<Moves> = {}) {
    const asOf = new Date((await stage.now()) * 1000).toISOString();
    const before = { haircutBps: 2_500, liquidationThresholdBps: 8_000, ...held };
    const plain = Book.state();
    const row = plain.assets.find(({ asset }) => asset === 'WETH')!;
    const state = Book.state({ asOf, lending: [], assets: [{ ...row, priceUsd: 2_000, parameters: { ...row.parameters, ...before } }] });
    const recommendation: Recommendation = {
      ...Book.recommendation(state),
      expiresAt: new Date((await stage.now()) * 1000 + 7 * DAY * 1000).toISOString(),
      assets: [
        {
          asset: 'WETH',
          verdict: 'change',
          regime: 'calm',
          because: 'test',
          fields: {
            marginMultiplierPpm: Book.moved(1_000_000, 1_000_000),
            haircutBps: Book.moved(before.haircutBps, to.haircutBps ?? before.haircutBps),
            liquidationThresholdBps: Book.moved(
              before.liquidationThresholdBps,
              to.liquidationThresholdBps ?? before.liquidationThresholdBps,
            ),
          },
        },
      ],
    };
    const wanted = { asset: 'WETH', key: stage.asset, recommendation, state, evidenceRoot: Book.ROOT, ...stage.domain, priceDecimals: 8 };
    return GuardUpdate.draft(stage.chain.client, wanted);
  }
  async function file(to: Partial<Moves>, signers = stage.keys.slice(0, 2)) {
    const one = await drafted(to);
    if (one.kind !== 'update') throw new Error(one.says);
    let made = GuardFile.make(one.update, stage.domain, 'WETH', digest('bundle'));
    for (const key of signers) made = await GuardFile.attested(null, made, key.address, await key.sign({ hash: made.hashes.digest }));
    return { file: made, update: one.update, lane: one.lane };
  }
  const kill = { off: async () => null as string | null, trip: async () => {} };
  const look = async (to: Partial<Moves>, relayer: Hex = stage.relayer) => {
    const { file: made, update } = await file(to);
    return Gates.look(stage.chain.client, made, update, relayer);
  };
  const shut = ({ gates }: Gates.Looked) => gates.filter(({ open }) => !open).map(({ gate }) => gate);
  async function plimsoll(...args: string[]) {
    let said = '';
    const spies = (['stdout', 'stderr'] as const).map((stream) =>
      vi.spyOn(process[stream], 'write').mockImplementation((text) => {
        said += text;
        return true;
      }),
    );
    try {
      return { code: await main(args), said: () => said };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }

  it('goes the fast lane by command: drafted, signed elsewhere, shown, dry, sent, read back, done', async () => {
    const one = await drafted({ haircutBps: 2_700 });
    if (one.kind !== 'update') throw new Error(one.says);
    expect(one.lane).toBe('fast');
    writeFileSync(at('u.json'), JSON.stringify(GuardFile.make(one.update, stage.domain, 'WETH', digest('bundle'))));
    const run = ['apply', at('u.json'), '--rpc', stage.chain.url, '--relayer', stage.relayer, '--stop', at('STOP')];
    const unsigned = await plimsoll(...run);
    expect([unsigned.code, unsigned.said()]).toEqual([3, expect.stringMatching(/attestors +SHUT +0 of 2/)]);
    for (const key of stage.keys.slice(0, 2)) {
      const shown = await plimsoll('attest', 'show', at('u.json'), '--typed-data');
      // A wallet has the message and nothing else.
      const signature = await key.signTypedData(JSON.parse(shown.said()));
      expect((await plimsoll('attest', 'add', at('u.json'), '--signer', key.address, '--signature', signature)).code).toBe(0);
    }
    const dry = await plimsoll(...run);
    expect([dry.code, dry.said()]).toEqual([0, expect.stringContaining('submit: not sent, this was a dry run')]);
    expect((await stage.held()).ltvBps).toBe(7_500n);
    const sent = await plimsoll(...run, '--broadcast');
    expect([sent.code, sent.said()]).toEqual([0, expect.stringMatching(/submit in block \d+, \d+ gas/)]);
    expect((await stage.held()).ltvBps).toBe(7_300n);
    const back = GuardFile.read(JSON.parse(readFileSync(at('u.json.rollback.json'), 'utf8')), 'rollback');
    expect([back.update.from.ltvBps, back.update.to.ltvBps, back.update.nonce]).toEqual([7_300n, 7_500n, one.update.nonce + 1n]);
    expect((await plimsoll(...run, '--broadcast')).said()).toContain('done');
  });

  it('goes the slow lane in two visits, with the wait between', async () => {
    const { file: made, update, lane } = await file({ haircutBps: 2_450 });
    expect(lane).toBe('slow');
    const go = () => Apply.apply(stage.chain.client, { file: made, update }, stage.relayer, kill, true);
    expect(await go()).toMatchObject({ sent: { act: 'submit' }, held: update.from });
    expect(await go()).toMatchObject({ sent: null, next: { act: 'wait' } });
    await stage.tick(DAY);
    expect(await go()).toMatchObject({ sent: { act: 'execute' }, held: update.to });
    expect(await go()).toMatchObject({ sent: null, next: { act: 'done' } });
  });

  it('takes a falling threshold down step by step', async () => {
    const { file: made, update } = await file({ liquidationThresholdBps: 7_980 });
    const go = () => Apply.apply(stage.chain.client, { file: made, update }, stage.relayer, kill, true);
    const acts: string[] = [];
    for (let visit = 0; visit < 12; visit += 1) {
      const { next, sent } = await go();
      if (next.act === 'done') break;
      if (sent === null) await stage.tick(DAY);
      else acts.push(`${sent.act} ${(await stage.held()).thresholdBps}`);
    }
    expect(acts).toEqual(['submit 8000', 'execute 8000', 'advance 7990', 'advance 7980']);
  });

  it('shuts a gate for everything that is not as it was signed', async () => {
    expect(shut(await look({ haircutBps: 2_700 }))).toEqual([]);
    const { file: made, update } = await file({ haircutBps: 2_450 });
    const again = () => Gates.look(stage.chain.client, made, update, stage.relayer);
    const one = await file({ haircutBps: 2_700 }, stage.keys.slice(0, 1));
    expect(shut(await Gates.look(stage.chain.client, one.file, one.update, stage.relayer))).toEqual(['attestors']);
    expect(shut(await Gates.look(stage.chain.client, { ...made, chainId: 1 }, update, stage.relayer))).toContain('chain');
    await stage.chain.send(stage.aave.configurator, 'setSupplyCap', [stage.weth.address, 99_999]);
    expect(shut(await again())).toEqual(['state']);
    await stage.chain.send(stage.aave.configurator, 'setSupplyCap', [stage.weth.address, 100_000]);
    await stage.feed(2_000n * 10n ** 8n, (await stage.now()) - 3_601);
    const stale = await again();
    expect([shut(stale), stale.gates.at(-1)!.says]).toEqual([['contract'], 'the guard would refuse it: StaleFeed']);
    await stage.tick(0);
    await stage.transact(stage.guardian, stage.guard, encodeFunctionData({ abi: ABI, functionName: 'pause' }));
    expect(shut(await again())).toEqual(['running']);
    await stage.govern([
      { to: stage.guard, data: encodeFunctionData({ abi: ABI, functionName: 'unpause' }) },
      { to: stage.guard, data: GuardPolicy.setPolicyData(stage.asset, { ...stage.guardPolicy, minGapBps: 100n }, await stage.now()) },
      { to: stage.guard, data: encodeFunctionData({ abi: ABI, functionName: 'setAttestors', args: [[stage.keys[2]!.address], 1n] }) },
    ]);
    await stage.tick(2 * DAY);
    expect(shut(await again())).toEqual(['policy', 'lease', 'attestors', 'attestor set', 'evidence', 'deadline']);
  });

  it('lets nobody relay who holds a role', async () => {
    const [deployer, proposer] = stage.chain.accounts as [Hex, Hex];
    for (const [address, role] of [
      [stage.guardian, 'the guardian'],
      [stage.keys[0]!.address, 'an attestor'],
      [stage.timelock.address, "the guard's owner"],
      [proposer, "the timelock's PROPOSER_ROLE"],
      [deployer, "Aave's pool administrator"],
      [stage.deployment.market, "Aave's risk administrator"],
      [stage.guard, "the market's guard"],
    ] as const) {
      expect(await Gates.rolesOf(stage.chain.client, stage.guard, address)).toContain(role);
      expect(shut(await look({ haircutBps: 2_700 }, address))).toEqual(['relayer']);
    }
    expect(await Gates.rolesOf(stage.chain.client, stage.guard, stage.relayer)).toEqual([]);
  });

  it('stands still while it is switched off, and trips on what it did not expect', async () => {
    const { file: made, update } = await file({ haircutBps: 2_700 });
    const off = { ...kill, off: async () => 'stopped by hand' };
    const stopped = await Apply.apply(stage.chain.client, { file: made, update }, stage.relayer, off, true);
    expect([stopped.sent, stopped.next, shut(stopped)]).toEqual([null, { act: 'stop' }, ['kill switch']]);
    writeFileSync(at('u.json'), JSON.stringify(made));
    writeFileSync(at('STOP'), '');
    const by = await plimsoll(
      'apply',
      at('u.json'),
      '--rpc',
      stage.chain.url,
      '--relayer',
      stage.relayer,
      '--stop',
      at('STOP'),
      '--broadcast',
    );
    expect([by.code, by.said()]).toEqual([3, expect.stringMatching(/kill switch +SHUT .*stopped by hand/)]);
    expect((await stage.held()).ltvBps).toBe(7_500n);
    rmSync(at('STOP'));
    // Between what was sent and what is read somebody else moves the market.
    const tripped: string[] = [];
    const { client } = stage.chain;
    const request = async (call: { method: string; params?: unknown }) => {
      const answer = await client.request(call as never);
      if (call.method === 'eth_sendTransaction') await stage.chain.send(stage.aave.configurator, 'setSupplyCap', [stage.weth.address, 1]);
      return answer;
    };
    const raced = Object.assign(Object.create(client), { request }) as typeof client;
    const trap = { ...kill, trip: async (reason: string) => void tripped.push(reason) };
    await expect(Apply.apply(raced, { file: made, update }, stage.relayer, trap, true)).rejects.toThrow(Apply.UnexpectedError);
    expect(tripped).toEqual(['submitted, and neither waiting nor applied']);
  });

  it('sends nothing where the node will not sign for the relayer', async () => {
    const { file: made, update } = await file({ haircutBps: 2_700 });
    const stranger = privateKeyToAccount(generatePrivateKey()).address;
    await expect(Apply.apply(stage.chain.client, { file: made, update }, stranger, kill, true)).rejects.toThrow(Apply.NotSentError);
    expect((await stage.held()).ltvBps).toBe(7_500n);
  });

  it('drafts nothing that the advice, the chain or the guard does not support', async () => {
    const reason = async (...args: Parameters<typeof drafted>) => {
      const one = await drafted(...args);
      return one.kind === 'update' ? 'update' : one.reason;
    };
    expect(await reason({})).toBe('nothing-to-change');
    expect(await reason({ haircutBps: 2_700 }, { haircutBps: 2_400 })).toBe('state-moved');
    expect(await reason({ haircutBps: 1_000 })).toBe('StepTooLarge');
    const { file: made } = await file({ haircutBps: 2_700 });
    expect(() => GuardFile.read({ ...made, update: { ...made.update, nonce: '7' } }, 'u.json')).toThrow(/digest/);
    expect(() => GuardFile.read({ kind: 'other' }, 'u.json')).toThrow(GuardFile.NotAFileError);
    await expect(GuardFile.attested(null, made, stage.relayer, made.attestations[0]!.signature)).rejects.toThrow(
      GuardFile.BadAttestationError,
    );
    expect(existsSync(at('u.json'))).toBe(false);
  });
});
