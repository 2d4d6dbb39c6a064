/** Rounds of the automatic lane over Aave's own contracts: everything that makes a machine wait for people, shut once each. */
import { encodeFunctionData } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digest, toHex } from '../../../base/id.ts';
import * as Guard from '../../../governance/guard.ts';
import { ABI } from '../../../governance/guard-abi.ts';
import type { Evidence } from '../../../governance/guard-evidence.ts';
import * as GuardEvidence from '../../../governance/guard-evidence.ts';
import * as GuardFile from '../../../governance/guard-file.ts';
import * as Lanes from '../../../governance/guard-lanes.ts';
import { type Candidate, type Round, round } from '../../../governance/guard-round.ts';
import * as GuardUpdate from '../../../governance/guard-update.ts';
import type { Recommendation } from '../../../tuner/recommendation.ts';
import { card as cardOf } from '../../web/card.ts';
import * as Book from '../book.ts';
import { DAY, type Guarded, guarded } from './guarded.ts';
import { policy } from './terms.ts';

type Moves = Partial<Record<'haircutBps' | 'liquidationThresholdBps', number>>;
const ALL = Guard.FIELDS.flatMap((field) => [`${field} up`, `${field} down`]);

describe('a round of the automatic lane', { timeout: 120_000 }, () => {
  let stage: Guarded;
  let snapshot: unknown;
  let tripped: string[];

  beforeAll(async () => {
    stage = await guarded();
  }, 120_000);
  afterAll(() => stage.chain.stop());
  beforeEach(async () => {
    if (snapshot !== undefined) await stage.chain.rpc('evm_revert', snapshot);
    snapshot = await stage.chain.rpc('evm_snapshot');
    tripped = [];
  });

  /** WETH as on the stage; the book has nobody in debt unless told. */
  async function candidate(
    to: Moves,
    rest: { name?: string; evidence?: Partial<Evidence>; signers?: number; indebted?: boolean; ageSeconds?: number } = {},
  ): Promise<Candidate> {
    const name = rest.name ?? 'one.json';
    const now = await stage.now();
    const asOf = new Date((now - (rest.ageSeconds ?? 0)) * 1000).toISOString();
    const before = { haircutBps: 2_500, liquidationThresholdBps: 8_000 };
    const plain = Book.state();
    const row = plain.assets.find(({ asset }) => asset === 'WETH')!;
    const usdc = plain.assets.find(({ asset }) => asset === 'USDC')!;
    const held = { ...row, priceUsd: 2_000, panelAsset: 'ETH', parameters: { ...row.parameters, ...before } };
    const near = {
      account: 'near',
      eMode: 0,
      collateral: [{ asset: 'WETH', amountTokens: 10 }],
      debt: [{ asset: 'USDC', amountTokens: 15_980 }],
    };
    const state = Book.state({ asOf, lending: rest.indebted ? [near] : [], assets: [held, usdc] });
    const fields = {
      marginMultiplierPpm: Book.moved(1_000_000, 1_000_000),
      haircutBps: Book.moved(before.haircutBps, to.haircutBps ?? before.haircutBps),
      liquidationThresholdBps: Book.moved(before.liquidationThresholdBps, to.liquidationThresholdBps ?? before.liquidationThresholdBps),
    };
    const recommendation: Recommendation = {
      ...Book.recommendation(state),
      expiresAt: new Date((now + 7 * DAY) * 1000).toISOString(),
      assets: [{ asset: 'WETH', verdict: 'change', regime: 'calm', because: 'test', fields }],
    };
    const root = digest(name);
    // Signed without the guard's own rules: what it would refuse is what is asked here.
    const from = await stage.held();
    const next = { ...from, ltvBps: BigInt(10_000 - fields.haircutBps.to), thresholdBps: BigInt(fields.liquidationThresholdBps.to) };
    const update = await stage.update(next, { evidenceRoot: toHex(root), evidenceTime: BigInt(Date.parse(asOf) / 1000) });
    let file = GuardFile.make(update, stage.domain, 'WETH', digest('bundle'));
    for (const key of stage.keys.slice(0, rest.signers ?? 2))
      file = await GuardFile.attested(null, file, key.address, await key.sign({ hash: file.hashes.digest }));
    const evidence = { bundle: digest('bundle'), root, recommendation, state, policy, card: cardOf(), waivers: [], ...rest.evidence };
    return { name, file, update, evidence };
  }
  const lanes = (on: readonly string[] = ALL) =>
    Lanes.parse({ ...stage.domain, assets: [{ asset: 'WETH', key: stage.asset, policyHash: stage.policyHash, on }] }, 'lanes.json');
  const how = (rest: Partial<Round> = {}): Round => ({
    ...{ lanes: lanes(), relayer: stage.relayer, broadcast: true, priceDecimals: 8, onSend: async () => {} },
    kill: { off: async () => tripped[0] ?? null, trip: async (reason) => void tripped.push(reason) },
    ...rest,
  });
  const says = async (candidates: readonly Candidate[], rest: Partial<Round> = {}) =>
    (await round(stage.chain.client, candidates, how(rest))).map(({ lane, state, why }) => `${lane} ${state}: ${why}`);
  const one = async (...args: Parameters<typeof candidate>) => (await says([await candidate(...args)]))[0];

  it('takes a falling threshold down by its ramp, a step a round', async () => {
    const { file, update, evidence, name } = await candidate({ liquidationThresholdBps: 7_980 });
    const seen: string[] = [];
    for (let visit = 0; visit < 12; visit += 1) {
      const [row] = await round(stage.chain.client, [{ name, file, update, evidence }], how());
      if (row!.state === 'applied') break;
      if (row!.state === 'waits') await stage.tick(DAY);
      else seen.push(`${row!.lane} ${row!.state} ${row!.sent?.act} ${(await stage.held()).thresholdBps}`);
    }
    expect(seen).toEqual(['slow acted submit 8000', 'slow acted execute 8000', 'slow acted advance 7990', 'slow acted advance 7980']);
  });

  it('leaves to people what evidence does not carry', async () => {
    const bars = { bars: 500, below: 16, belowP: 0.0001 };
    const made = cardOf();
    const wrong = { ...made, assets: [{ ...made.assets[0]!, asset: 'ETH', forecasts: { ...made.assets[0]!.forecasts, ...bars } }] };
    const waivers = [{ subject: 'ETH', kind: 'jump', reason: 'seen elsewhere' }] as unknown as Evidence['waivers'];
    expect(await one({ haircutBps: 2_700 }, { evidence: { root: digest('other') } })).toMatch(
      /^fast people: bundle: the bundle hashes to 0x/,
    );
    expect(await one({ haircutBps: 2_700 }, { evidence: { card: wrong } })).toMatch(
      /^fast people: models: forecast-failure: 16 of the newest 500 steps/,
    );
    const apart = (await candidate({ haircutBps: 2_700 })).evidence!.recommendation;
    const challenged = { ...apart, assets: [{ ...apart.assets[0]!, challenge: { lawFall: 0.1, historyFall: 0.25, index: 2.5 } }] };
    expect(await one({ haircutBps: 2_700 }, { evidence: { recommendation: challenged } })).toMatch(
      /^fast people: models: models-disagree: /,
    );
    expect(await one({ haircutBps: 2_700 }, { evidence: { waivers } })).toBe('fast people: data: waived by people: ETH:jump');
    expect(await one({ liquidationThresholdBps: 7_980 }, { indebted: true })).toBe(
      'slow people: nobody hurt: 1 of the book become liquidatable',
    );
    expect(await one({ haircutBps: 2_700 }, { signers: 1 })).toBe('fast people: attestors: 1 of 2 attestations count');
    expect(await one({ haircutBps: 2_700 }, { ageSeconds: 4 * DAY })).toMatch(
      /^fast people: evidence: evidence of .* at most 259200 s old$/,
    );
    const other = await candidate({ haircutBps: 2_700 });
    const advice = (await candidate({ haircutBps: 2_750 })).evidence!.recommendation;
    expect((await says([{ ...other, evidence: { ...other.evidence!, recommendation: advice } }]))[0]).toMatch(
      /^fast people: advice: the bundle advises ltvBps 7500 → 7250/,
    );
    expect((await says([{ ...other, evidence: null }]))[0]).toMatch(/^fast people: bundle: bundle sha256/);
    expect((await says([{ ...other, file: { ...other.file, says: 'USDC' } }]))[0]).toBe('null people: the file calls WETH USDC');
    expect((await stage.held()).ltvBps).toBe(7_500n);
  });

  it('moves no real chain by a simulated market, nor anything by another price or moment than the bundle’s', async () => {
    const { evidence, file, update } = await candidate({ haircutBps: 2_700 });
    const shut = (...[of, by]: [Partial<typeof file>, Partial<Guard.Update>]) =>
      GuardEvidence.gates(evidence, { ...file, ...of }, { ...update, ...by }, 8).flatMap(({ gate, open, says: text }) =>
        open ? [] : [`${gate}: ${text}`],
      );
    expect(shut({}, {})).toEqual([]);
    expect(shut({ chainId: 1 }, {})).toEqual(['data: a simulated market or book moves nothing on this chain']);
    expect(shut({}, { price: update.price + 1n })).toEqual([
      expect.stringMatching(/^advice: the bundle has a price of 2000, the update 200000000001/),
    ]);
    expect(shut({}, { evidenceTime: update.evidenceTime - 1n })).toEqual([expect.stringMatching(/^advice: the bundle is as of /)]);
    expect(shut({}, { maxNewlyLiquidatable: 1 })).toEqual(['nobody hurt: 1 of the book become liquidatable']);
    expect(Lanes.whyOff(lanes(), update, stage.policyHash)).toBeNull();
    expect(Lanes.whyOff(lanes(), { ...update, to: update.from }, stage.policyHash)).toBe('re-affirms what stands: that is for people');
    expect(Lanes.whyOff(lanes(), update, toHex(digest('another policy')))).toMatch(/^switched on under policy 0x/);
  });

  it('sends a move outside the guard’s limits to governance, and a second one inside a cooldown to people', async () => {
    expect(await one({ haircutBps: 1_000 })).toBe('governance people: governance only: StepTooLarge of ltvBps');
    expect(await one({ haircutBps: 2_600 })).toMatch(/^fast acted: submit/);
    // The guard itself would let a second reduction through at once.
    const second = await stage.update({ ltvBps: 7_300n });
    expect(await stage.refusal(Guard.submitData(second, await stage.attest(second)))).toBeNull();
    const made = await candidate({ haircutBps: 2_700 });
    const advice = {
      ...made.evidence!.recommendation.assets[0]!,
      fields: { ...made.evidence!.recommendation.assets[0]!.fields, haircutBps: Book.moved(2_600, 2_700) },
    };
    const again = { ...made, evidence: { ...made.evidence!, recommendation: { ...made.evidence!.recommendation, assets: [advice] } } };
    expect((await says([again]))[0]).toMatch(/^fast people: a second change of ltvBps before /);
  });

  it('lets newer evidence stand before older, and carries out neither of two that disagree about one moment', async () => {
    const older = await candidate({ haircutBps: 2_450 }, { name: 'older.json', ageSeconds: 3_600 });
    expect((await says([older]))[0]).toMatch(/^slow acted: submit/);
    await stage.tick(DAY);
    const newer = await candidate({ haircutBps: 2_475 }, { name: 'newer.json' });
    expect(await says([older, newer])).toEqual([
      expect.stringMatching(/^slow people: contract: the guard would refuse it: UpdatePending$/),
      'slow people: newer evidence says otherwise: newer.json',
    ]);
    // Newer evidence that tightens goes first, and ends what waits.
    const tighter = await candidate({ haircutBps: 2_600 }, { name: 'tighter.json' });
    expect(await says([older, tighter])).toEqual([
      expect.stringMatching(/^fast acted: submit/),
      expect.stringMatching(/^null void: nonce 0 is spent/),
    ]);
    expect((await stage.held()).ltvBps).toBe(7_400n);
  });

  it('acts on neither of two updates of one moment', async () => {
    const moment = await Promise.all([
      candidate({ haircutBps: 2_600 }, { name: 'a.json' }),
      candidate({ haircutBps: 2_700 }, { name: 'b.json' }),
    ]);
    const found = await says(moment);
    expect(found).toEqual([
      expect.stringMatching(/^fast people: evidence of the same moment says otherwise/),
      expect.stringMatching(/^fast people: evidence of the same moment/),
    ]);
  });

  it('stops at a veto, a pause, a tripped breaker; and a node that is gone is a value too', async () => {
    const made = await candidate({ haircutBps: 2_450 });
    expect((await says([made]))[0]).toMatch(/^slow acted: submit/);
    await stage.transact(stage.guardian, stage.guard, encodeFunctionData({ abi: ABI, functionName: 'veto', args: [stage.asset] }));
    expect((await says([made]))[0]).toMatch(/^null void: nonce 0 is spent, the guard is at 2: vetoed, replaced or lapsed/);
    tripped.push('by hand');
    expect(await one({ haircutBps: 2_700 })).toBe('fast stopped: by hand');
    tripped.length = 0;
    await stage.transact(stage.guardian, stage.guard, encodeFunctionData({ abi: ABI, functionName: 'pause' }));
    expect(await one({ haircutBps: 2_700 })).toBe('fast people: running: the guardian has paused the guard');
    const gone = Object.assign(Object.create(stage.chain.client), { request: async () => Promise.reject(new Error('no node')) });
    const [row] = await round(gone, [await candidate({ haircutBps: 2_700 })], how());
    expect([row!.state, row!.why]).toEqual(['failed', expect.stringContaining('no node')]);
  });

  it('trips on what it did not expect, and the rest of the round stands still', async () => {
    const { client } = stage.chain;
    const request = async (call: { method: string; params?: unknown }) => {
      const answer = await client.request(call as never);
      if (call.method === 'eth_sendTransaction') await stage.chain.send(stage.aave.configurator, 'setSupplyCap', [stage.weth.address, 1]);
      return answer;
    };
    const raced = Object.assign(Object.create(client), { request }) as typeof client;
    const made = await candidate({ haircutBps: 2_700 });
    const [row] = await round(raced, [made], how());
    expect([row!.state, row!.why]).toEqual(['stopped', expect.stringContaining('the breaker tripped')]);
    expect(await one({ haircutBps: 2_750 })).toBe('fast stopped: submitted, and neither waiting nor applied');
  });

  it('does nothing where nothing is switched on, and refuses a file of lanes that is none', async () => {
    const made = await candidate({ haircutBps: 2_700 });
    expect((await says([made], { lanes: lanes([]) }))[0]).toBe('fast off: not switched on: ltvBps down');
    expect((await says([made], { broadcast: false }))[0]).toBe('fast ready: submit: not sent, this is a dry run');
    expect(() => lanes(['ltvBps sideways'])).toThrow(Lanes.BadLanesError);
    const { assets, ...rest } = lanes();
    expect(() => Lanes.parse({ ...rest, assets: [...assets, ...assets] }, 'lanes.json')).toThrow(/twice/);
    expect(GuardUpdate.moves(made.evidence!.recommendation.assets[0]!)[0]).toEqual({ field: 'ltvBps', before: 7_500n, after: 7_300n });
  });
});
