/** From a bundle to Aave without anybody calling `apply`: run, draft, sign elsewhere, auto, read back; and where it stops. By the commands alone. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seal } from '../../base/id.ts';
import * as Guard from '../../governance/guard.ts';
import { hashOf } from '../../governance/guard-policy.ts';
import { DAY, type Guarded, guarded, keyOf } from '../governance/guard/guarded.ts';
import { plimsoll } from './command.ts';
import { countingProxy } from './counting-proxy.ts';

const POLICY = new URL('../../tuner/policies/default.yaml', import.meta.url);
/** As in the built-in book. */
const TERMS = [
  { symbol: 'WBTC', decimals: 8, priceUsd: 46_973.47, ltvBps: 7_300, thresholdBps: 7_800, bonusBps: 500 },
  { symbol: 'UNI', decimals: 18, priceUsd: 17.76825, ltvBps: 6_500, thresholdBps: 7_400, bonusBps: 1_000 },
  { symbol: 'MATIC', decimals: 18, priceUsd: 2.968607, ltvBps: 5_000, thresholdBps: 6_000, bonusBps: 500 },
];

describe('the automatic lane, from a run to Aave', { timeout: 300_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-auto-'));
  const at = (...names: string[]) => join(home, ...names);
  let stage: Guarded;
  let snapshot: unknown;
  let asOf = '';
  let proxy: Awaited<ReturnType<typeof countingProxy>>;
  /** For docs/evidence/lane.md: what each part took. */
  const took: { part: string; ms: number; calls: number; gas: number }[] = [];

  beforeAll(async () => {
    // More loss allowed: advice that loosens, for the slow lane.
    const loose = readFileSync(POLICY, 'utf8')
      .replace('budgetFraction: 0.002', 'budgetFraction: 0.02')
      .replace('overBudgetProbability: 0.01', 'overBudgetProbability: 0.05');
    writeFileSync(at('loose.yaml'), loose);
    const run = ['run', '--no-forecaster', '--no-rehearse', '--json'];
    const tight = await plimsoll([...run, '--out', at('tight')]);
    asOf = JSON.parse(tight.stdout).asOf;
    await plimsoll([...run, '--paths', '1024', '--policy', at('loose.yaml'), '--out', at('loose')]);
    // Governance takes two days before anything may move.
    stage = await guarded({ terms: TERMS, genesisSeconds: Date.parse(asOf) / 1000 - 2 * DAY });
    proxy = await countingProxy(stage.chain.url);
  }, 300_000);
  afterAll(async () => {
    await proxy?.stop();
    await stage?.chain.stop();
    const report = process.env['LANE_REPORT'];
    if (report !== undefined) writeFileSync(report, JSON.stringify(took));
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    if (snapshot !== undefined) await stage.chain.rpc('evm_revert', snapshot);
    snapshot = await stage.chain.rpc('evm_snapshot');
    rmSync(at('updates'), { recursive: true, force: true });
    rmSync(at('STOP'), { force: true });
    mkdirSync(at('updates'));
    lanes(['WBTC', 'UNI'], ['ltvBps down', 'ltvBps up']);
  });

  const tokenOf = (asset: string) => stage.aave.tokens.find(({ symbol }) => symbol === asset)!;
  const held = (asset: string) => Guard.readValues(stage.chain.client, stage.guard, keyOf(tokenOf(asset).address));
  function lanes(assets: readonly string[], on: readonly string[], policyHash?: string) {
    const rows = assets.map((asset) => {
      const { policy } = stage.policies.find(({ says }) => says === asset)!;
      return { asset, key: keyOf(tokenOf(asset).address), policyHash: policyHash ?? hashOf(policy), on };
    });
    writeFileSync(at('lanes.json'), JSON.stringify({ chainId: 31_337, guard: stage.guard, assets: rows }));
  }
  const auto = async (...more: string[]) => {
    const flags = ['--lanes', at('lanes.json'), '--rpc', proxy.url, '--stop', at('STOP'), '--json'];
    const relayer = more.includes('--relayer') ? [] : ['--relayer', stage.relayer];
    const said = await plimsoll(['auto', at('updates'), ...flags, ...relayer, ...more]);
    return { ...said, round: said.stdout === '' ? null : JSON.parse(said.stdout) };
  };
  const states = ({ round }: Awaited<ReturnType<typeof auto>>) =>
    Object.fromEntries(round.rows.map(({ asset, state, why }: Record<string, string>) => [asset, `${state}: ${why}`]));
  async function timed<T>(part: string, work: () => Promise<T>): Promise<T> {
    const [began, before] = [performance.now(), proxy.calls()];
    const done = await work();
    const rows = (done as { round?: { rows: { sent: { gasUsed: string } | null }[] } } | undefined)?.round?.rows ?? [];
    const gas = rows.reduce((sum, { sent }) => sum + Number(sent?.gasUsed ?? 0), 0);
    took.push({ part, ms: performance.now() - began, calls: proxy.calls() - before, gas });
    return done;
  }
  /** Each by a wallet of its own, which has the message and nothing else. */
  async function sign(count = 2) {
    for (const name of readdirSync(at('updates')).filter((one) => !one.includes('rollback'))) {
      for (const key of stage.keys.slice(0, count)) {
        const shown = await plimsoll(['attest', 'show', at('updates', name), '--typed-data']);
        const signature = await key.signTypedData(JSON.parse(shown.stdout));
        expect((await plimsoll(['attest', 'add', at('updates', name), '--signer', key.address, '--signature', signature])).code).toBe(0);
      }
    }
  }

  it('tightens in one step: drafted from the bundle, attested, applied, read back, filed, and nothing the second time', async () => {
    const drafted = await timed('fast: bundle run again, two updates drafted', () => auto('--bundle', at('tight')));
    expect(drafted.round.drafts.map(({ asset }: { asset: string }) => asset)).toEqual(['WBTC', 'UNI']);
    expect([drafted.code, states(drafted)]).toEqual([
      3,
      { WBTC: 'people: attestors: 0 of 2 attestations count', UNI: 'people: attestors: 0 of 2 attestations count' },
    ]);
    await timed('fast: two attestors sign two updates, each checked', () => sign());
    const dry = await timed('fast: a dry run', () => auto('--bundle', at('tight')));
    expect([dry.code, states(dry)]).toEqual([
      0,
      { WBTC: 'ready: submit: not sent, this is a dry run', UNI: 'ready: submit: not sent, this is a dry run' },
    ]);
    expect((await held('WBTC')).ltvBps).toBe(7_300n);
    const sent = await timed('fast: both sent and read back', () => auto('--bundle', at('tight'), '--broadcast'));
    expect([sent.code, states(sent)]).toEqual([
      0,
      { WBTC: expect.stringMatching(/^acted: submit in block \d+, \d+ gas/), UNI: expect.stringMatching(/^acted: submit/) },
    ]);
    expect([(await held('WBTC')).ltvBps, (await held('UNI')).ltvBps]).toEqual([7_000n, 6_200n]);
    const again = await timed('fast: the next round, outcomes filed', () => auto('--bundle', at('tight'), '--broadcast'));
    expect(states(again)).toEqual({
      WBTC: expect.stringMatching(/^applied: in block \d+; the market holds it$/),
      UNI: expect.stringMatching(/^applied/),
    });
    const name = readdirSync(at('updates')).find((one) => /^WBTC.*outcome/.test(one))!;
    expect(JSON.parse(readFileSync(at('updates', name), 'utf8'))).toMatchObject({
      asset: 'WBTC',
      from: { ltvBps: '7300' },
      to: { ltvBps: '7000' },
      predicted: { before: { paths: 4096 } },
    });
    expect((await auto('--bundle', at('tight'), '--broadcast')).round.filed).toEqual([]);
    // Two days on, half the price: what was predicted against what came, once for the bundle.
    const regret = ['--panel', market(at('tight')), '--ledger', at('regret.jsonl')];
    const judged = await auto('--bundle', at('tight'), '--broadcast', ...regret);
    expect(judged.round.filed).toEqual([expect.stringMatching(/: 1 filed in .*regret\.jsonl$/)]);
    expect((await auto('--bundle', at('tight'), '--broadcast', ...regret)).round.filed).toEqual([]);
    expect((await plimsoll(['regret', '--ledger', at('regret.jsonl'), '--json'])).stdout).toContain('"judged":1');
  });

  it('loosens in two visits with the wait between, and says when what it granted decays', async () => {
    await auto('--bundle', at('loose'));
    await sign();
    const go = async (part: string) => Object.values(states(await timed(part, () => auto('--bundle', at('loose'), '--broadcast'))))[0];
    expect(await go('slow: both submitted')).toMatch(/^acted: submit/);
    expect(await go('slow: a round that waits')).toMatch(/^waits: until /);
    await stage.tick(DAY);
    expect(await go('slow: both executed and read back')).toMatch(/^acted: execute/);
    const last = await auto('--bundle', at('loose'), '--broadcast');
    expect(states(last)['WBTC']).toMatch(/^applied/);
    expect((await held('WBTC')).ltvBps).toBe(7_400n);
    expect(last.round.decay).toContainEqual({ asset: 'WBTC', granted: ['ltvBps'], untilSeconds: expect.any(Number), state: 'affirmed' });
    // The same moment's other advice is spent against another state.
    expect((await held('UNI')).ltvBps).toBe(6_600n);
  });

  it('does nothing that nobody switched on, and nothing under another policy', async () => {
    await auto('--bundle', at('tight'));
    await sign();
    lanes(['WBTC'], ['ltvBps up']);
    const off = await auto('--bundle', at('tight'), '--broadcast');
    expect(states(off)).toEqual({ WBTC: 'off: not switched on: ltvBps down', UNI: 'off: not switched on' });
    lanes(['WBTC', 'UNI'], ['ltvBps down'], `0x${'11'.repeat(32)}`);
    expect(states(await auto('--bundle', at('tight'), '--broadcast'))['WBTC']).toMatch(/^off: switched on under policy 0x11111111…/);
    expect((await held('WBTC')).ltvBps).toBe(7_300n);
  });

  it('leaves to people what models see differently, by draft and by round, through the commands', async () => {
    const one = ['--guard', stage.guard, '--key', tokenOf('MATIC').address, '--rpc', stage.chain.url];
    const refused = await plimsoll(['attest', 'draft', at('tight'), at('updates', 'm.json'), '--asset', 'MATIC', ...one]);
    expect([refused.code, refused.stderr]).toEqual([
      3,
      expect.stringMatching(/No update \(models-disagree\): Law and history differ by a factor of 2\.29 on MATIC/),
    ]);
    expect(existsSync(at('updates', 'm.json'))).toBe(false);
    lanes(['MATIC'], ['ltvBps down']);
    const round = await auto('--bundle', at('tight'));
    expect(round.round.drafts).toEqual([{ asset: 'MATIC', name: null, says: expect.stringMatching(/^models-disagree: /) }]);
  });

  it('leaves to people what the law in force has lately been wrong about, through the command', async () => {
    // A law from a market a fifth as nervous, on bars of this one.
    const { id: _, ...law } = JSON.parse(readFileSync(at('tight', 'model.json'), 'utf8'));
    const calm = ({ alpha, gamma, omega, ...rest }: Record<string, number>) => ({
      ...rest,
      alpha: alpha! / 5,
      gamma: gamma! / 5,
      omega: omega! / 5,
    });
    writeFileSync(
      at('calm.json'),
      JSON.stringify(
        seal({
          ...law,
          volatility: Object.fromEntries(Object.entries(law.volatility).map(([asset, of]) => [asset, calm(of as Record<string, number>)])),
        }),
      ),
    );
    await plimsoll(['run', '--no-rehearse', '--json', '--paths', '1024', '--model', at('calm.json'), '--out', at('calm')]);
    const one = ['--guard', stage.guard, '--key', tokenOf('UNI').address, '--rpc', stage.chain.url];
    const refused = await plimsoll(['attest', 'draft', at('calm'), at('updates', 'u.json'), '--asset', 'UNI', ...one]);
    expect([refused.code, refused.stderr]).toEqual([
      3,
      expect.stringMatching(
        /No update \(forecast-failure\): \d\d of the newest 500 steps of UNI lie below the 1 % quantile, 5\.0 expected/,
      ),
    ]);
    expect(existsSync(at('updates', 'u.json'))).toBe(false);
  });

  it('writes what the same bundle’s own proposal to governance would write, to the bit', async () => {
    const addresses = Object.fromEntries(TERMS.map(({ symbol }) => [symbol, tokenOf(symbol).address]));
    const { pool, configurator } = stage.aave;
    const parameters = {
      target: 'aave-v3-configurator',
      chainId: 31_337,
      pool: pool.address,
      configurator: configurator.address,
      assets: addresses,
    };
    writeFileSync(at('venue.json'), JSON.stringify({ parameters, route: { route: 'direct', from: stage.chain.accounts[0] } }));
    const proposed = await plimsoll([
      'propose',
      at('loose'),
      '--target',
      'aave-v3-configurator',
      '--venue',
      at('venue.json'),
      '--rpc',
      stage.chain.url,
      '--json',
    ]);
    writeFileSync(at('proposal.json'), proposed.stdout);
    await auto('--bundle', at('loose'));
    const updates = readdirSync(at('updates')).map((name) => at('updates', name));
    const ask = (files: readonly string[]) =>
      plimsoll(['guard', 'parity', at('proposal.json'), ...files, '--venue', at('venue.json'), '--rpc', proxy.url]);
    const same = await timed('parity: both ways on a copy, compared', () => ask(updates));
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('the guard and governance write the same')]);
    expect(same.stdout).toContain('| WBTC.ltv | 7300 | 7400 | 7400 | 7400 | 7400 | same |');
    // Both wait at the same time: a day, where each alone waits a day.
    expect(same.stdout).toContain('| from sending to the last write | 24.0 h | 0 s |');
    const half = await ask(updates.filter((name) => name.includes('WBTC')));
    expect([half.code, half.stdout]).toEqual([3, expect.stringContaining('| UNI.ltv | 6500 | 6500 | 6600 | 6500 | 6600 | **differs** |')]);
  });

  it('refuses a relayer that may do more, evidence that is not here, and a bundle somebody changed', async () => {
    const guardian = await auto('--relayer', stage.guardian);
    expect([guardian.code, guardian.stdout, guardian.stderr]).toEqual([3, '', expect.stringContaining('is the guardian')]);
    await auto('--bundle', at('tight'));
    await sign();
    expect(states(await auto('--broadcast'))['WBTC']).toMatch(/^people: bundle: bundle sha256:/);
    writeFileSync(at('STOP'), 'by hand');
    expect(states(await auto('--bundle', at('tight'), '--broadcast'))['WBTC']).toMatch(/^stopped: .*by hand/);
    writeFileSync(at('updates', 'junk.json'), '{');
    expect((await auto('--bundle', at('tight'))).round.unread).toEqual([{ name: 'junk.json', why: expect.any(String) }]);
  });

  /** Closes by the hour around as-of and for the horizon after it. */
  function market(bundle: string): string {
    const { assets, bars } = JSON.parse(readFileSync(join(bundle, 'panel.json'), 'utf8'));
    const last = assets.map((asset: string) => bars[asset].close.at(-1));
    const rows = Array.from({ length: 54 }, (_, hour) => {
      const time = new Date(Date.parse(asOf) + (hour - 2) * 3_600_000).toISOString();
      return [time, ...last.map((close: number) => (hour < 6 ? close : close / 2))].join(',');
    });
    writeFileSync(at('market.csv'), `${[`time,${assets.join(',')}`, ...rows].join('\n')}\n`);
    return at('market.csv');
  }
  /** In a process of its own, as it really runs. */
  function start() {
    const flags = ['--lanes', at('lanes.json'), '--rpc', stage.chain.url, '--stop', at('STOP'), '--json', '--relayer', stage.relayer];
    const args = ['--import', 'tsx', 'api/plimsoll.ts', 'auto', at('updates'), ...flags, '--bundle', at('tight'), '--broadcast'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let [stdout, over] = ['', false];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    const ended = new Promise<string>((resolve) => child.once('exit', () => resolve(stdout))).finally(() => {
      over = true;
    });
    return { child, ended, isOver: () => over };
  }
  const waiting = async () => Number(((await stage.chain.rpc('txpool_status')) as { pending: string }).pending);

  it('is safe twice at once: the chain lets one through, the other says so, and nothing is stopped', async () => {
    await auto('--bundle', at('tight'));
    await sign();
    await stage.chain.rpc('evm_setAutomine', false);
    const both = [start(), start()];
    // Nothing is mined until both have sent the same step.
    while (!both.every(({ isOver }) => isOver())) {
      if ((await waiting()) >= (both.some(({ isOver }) => isOver()) ? 1 : 2)) await stage.chain.rpc('evm_mine');
      await pause(50);
    }
    await stage.chain.rpc('evm_setAutomine', true);
    const rounds = await Promise.all(both.map(async ({ ended }) => JSON.parse(await ended)));
    const found = rounds
      .flatMap(({ rows }) => rows.map(({ asset, state, why }: Record<string, string>) => `${asset} ${state}: ${why}`))
      .sort((a, b) => Number(b.includes('acted')) - Number(a.includes('acted')) || (a < b ? -1 : 1))
      .sort((a, b) => (a.slice(0, 4) < b.slice(0, 4) ? -1 : a.slice(0, 4) > b.slice(0, 4) ? 1 : 0));
    // Of the second asset the slower one may come when all is done.
    expect(found).toEqual([
      expect.stringMatching(/^UNI acted: submit in block/),
      'UNI lost: somebody was quicker: BadNonce',
      expect.stringMatching(/^WBTC acted: submit in block/),
      expect.stringMatching(/^WBTC (lost: somebody was quicker: BadNonce|applied: in block \d+; the market holds it)$/),
    ]);
    expect([(await held('WBTC')).ltvBps, (await held('UNI')).ltvBps]).toEqual([7_000n, 6_200n]);
    expect(existsSync(at('STOP'))).toBe(false);
  });

  it('is safe to kill between sending and reading back: the next start sees where it stands', async () => {
    await auto('--bundle', at('tight'));
    await sign();
    await stage.chain.rpc('evm_setAutomine', false);
    const { child, ended } = start();
    while ((await waiting()) < 1) await pause(50);
    child.kill('SIGKILL');
    await ended;
    await stage.chain.rpc('evm_mine');
    await stage.chain.rpc('evm_setAutomine', true);
    const after = states(await auto('--bundle', at('tight'), '--broadcast'));
    expect(
      Object.values(after)
        .map((says) => String(says).split(':')[0])
        .sort(),
    ).toEqual(['acted', 'applied']);
    expect([(await held('WBTC')).ltvBps, (await held('UNI')).ltvBps]).toEqual([7_000n, 6_200n]);
  });
});
