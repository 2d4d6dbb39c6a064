/**
 * From advice to a parameter on chain, in one test that anyone can run: a real Aave v3 market on a local node, whose risk administrator is
 * a timelock, whose only proposer is a Safe of three owners. People, owners and the relayer are different keys.
 *
 * VOYAGE_REPORT=FILE writes how long each part took (`npm run evidence -- voyage-on-chain`).
 */
import { writeFileSync } from 'node:fs';
import { eq } from 'drizzle-orm';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Audit from '../../api/store/audit.ts';
import * as Kept from '../../api/store/reviews.ts';
import { auditLog } from '../../api/store/schema.ts';
import { PlimsollError } from '../../base/errors.ts';
import { canonicalJson, digest, type Id } from '../../base/id.ts';
import * as Committee from '../../governance/committee.ts';
import * as Node from '../../governance/node.ts';
import { rehearse } from '../../governance/rehearsal.ts';
import * as Review from '../../governance/review.ts';
import * as ReviewChain from '../../governance/review-chain.ts';
import * as Desk from '../../governance/review-desk.ts';
import * as Log from '../../governance/review-log.ts';
import * as ReviewSigning from '../../governance/review-signing.ts';
import * as Signatures from '../../governance/signatures.ts';
import * as Safe from '../../governance/targets/safe.ts';
import { targetOf } from '../../governance/venue.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';
import { engines } from '../api/stores.ts';
import { DELAY_SECONDS, drafted, OWNERS, type Stand, stand } from './aave-safe.ts';
import { type Person, people, signed } from './people.ts';
import * as Safes from './safes.ts';

const [drafter, ann, bob, cai] = people as [Person, Person, Person, Person];
const TOO_MUCH = { WETH: { haircutBps: 2_400, liquidationThresholdBps: 7_700 }, WBTC: { haircutBps: 2_650 } };
const REVISED = { WETH: { haircutBps: 2_100, liquidationThresholdBps: 8_200 }, WBTC: { haircutBps: 2_650 } };
const TOO_EARLY = 'TimelockUnexpectedOperationState';

describe('a voyage on one chain', () => {
  let at: Stand;
  const took: { readonly part: string; readonly ms: number }[] = [];
  const timed = async <T>(part: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work();
    took.push({ part, ms: performance.now() - began });
    return result;
  };

  beforeAll(async () => {
    at = await stand();
  }, 120_000);
  afterAll(async () => {
    const report = process.env['VOYAGE_REPORT'];
    if (report !== undefined) writeFileSync(report, JSON.stringify(took));
    await at.chain.stop();
  });

  const now = async () => new Date(Number((await at.chain.client.getBlock()).timestamp) * 1000).toISOString();
  const values = async () => (await targetOf(at.parameters as never).read(at.chain.client, at.parameters as never)).values;
  const send = async (from: Hex, to: Hex, data: Hex) => {
    const hash = (await at.chain.rpc('eth_sendTransaction', { from, to, data, gas: '0x4c4b40' })) as Hex;
    const { status } = await at.chain.receipt(hash);
    if (status !== 'success') throw new Error(await Node.whyRefused(at.chain.client, from, to, data));
    return hash;
  };
  /** Signed by a wallet from the message alone; taken or refused by the desk. */
  const decide = async (review: Review.Review, by: Person, action: 'open' | 'approve' | 'reject', reason = ''): Promise<Review.Outcome> => {
    const asked = Desk.ask(review, action, reason, Desk.headOf(review), Date.parse(await now()));
    const given = { by: by.address, statement: asked.statement, signature: await signed(by, asked) };
    return await Desk.decide(at.chain.client, review, given, await now());
  };
  const must = (outcome: Review.Outcome): Review.Review => {
    if (outcome.kind === 'refused') throw new Error(`${outcome.reason}: ${outcome.says}`);
    return outcome.review;
  };
  const onTheDesk = async (proposal: VenueProposal, revises: Id | null): Promise<Review.Review> => {
    const block = await at.chain.client.getBlockNumber();
    const execution = await rehearse({ proposal, venue: at.throughTimelock, rpcUrl: at.chain.url, block });
    expect(execution.strays).toEqual([]);
    const committee = Committee.read(
      {
        ...{ chainId: 31_337, drafters: [drafter.address], reviewers: [ann, bob, cai].map(({ address }) => address), approvals: 2 },
        safe: { address: at.safe.address, version: proposal.safe!.version, owners: OWNERS.map(({ address }) => address), threshold: 2 },
      },
      'voyage',
    );
    return must(await decide(Review.replay(Desk.begin(proposal, execution, committee, await now(), revises))!, drafter, 'open'));
  };

  it('recommendation, proposal, rejection, revision, two of three, timelock, executed, read back, log verified', {
    timeout: 90_000,
  }, async () => {
    const before = await values();

    // 1. The first draft: one approves, one rejects and says why. That is its end.
    const first = await timed('draft the first proposal from what the chain holds', () => drafted(at.chain, at.throughTimelock, TOO_MUCH));
    let rejected = await timed('rehearse it on a copy, put it to review', () => onTheDesk(first, null));
    rejected = must(await decide(rejected, ann, 'approve'));
    rejected = must(await decide(rejected, bob, 'reject', 'A threshold of 77 % liquidates people who did nothing; 82 % is enough.'));
    expect([rejected.state, rejected.log.at(-1)?.happening.why]).toEqual(['rejected', expect.stringContaining('82 % is enough')]);
    expect(await decide(rejected, cai, 'approve')).toMatchObject({ kind: 'refused', reason: 'ended' });

    // 2. The revision: nobody approves their own, two others do, and only then is there anything to sign.
    const proposal = await timed('draft the revision', () => drafted(at.chain, at.throughTimelock, REVISED));
    let review = await timed('rehearse it on a copy, put it to review again', () => onTheDesk(proposal, first.id));
    expect(review.revises).toBe(first.id);
    expect(await decide(review, drafter, 'approve')).toMatchObject({ kind: 'refused', reason: 'drafter' });
    const asked = { tx: proposal.safe!.tx, domain: { chainId: 31_337, safe: at.safe.address, version: proposal.safe!.version } };
    review = await timed('two people sign their approval', async () => {
      const once = must(await decide(review, ann, 'approve'));
      expect(once.state).toBe('in-review');
      return must(await decide(once, cai, 'approve'));
    });
    expect(review.state).toBe('approved');

    // 3. Two of three owners sign, a stranger does not count.
    const collected = await timed('two owners sign, checked and packed', async () => {
      const holder = await Safe.read(at.chain.client, at.safe.address);
      const by = [OWNERS[2]!, Safes.key(9), OWNERS[0]!];
      const files = await Promise.all(by.map((key) => Safes.sign(key, asked.tx, asked.domain)));
      const given = files.map((signature, index) => ({ from: `${index}`, file: { by: 'account' as const, signature } }));
      return await Signatures.collect(at.chain.client, asked, holder, given);
    });
    expect([collected.missing, collected.refused.map(({ reason }) => reason)]).toEqual([0, ['stranger']]);
    const step = async (happening: Review.Happening) => {
      review = must(Review.apply(review, happening));
    };
    for (const happening of ReviewSigning.steps(review, asked.tx, collected, await now())) await step(happening);
    expect([review.state, review.finalHash]).toEqual(['signed', collected.hash]);

    // 4. A relayer without any right schedules; too early is refused; after the delay anybody executes.
    const [relayer, outsider] = [at.chain.accounts[6]!, at.chain.accounts[7]!];
    const { later } = proposal;
    const chainStep = async (action: 'submit' | 'queue' | 'execute', transaction: Hex) =>
      await step(await ReviewChain.step(at.chain.client, action, transaction, review.sheet, await now()));
    await timed('scheduled, waited for (the node’s clock), executed', async () => {
      const scheduled = await send(relayer, at.safe.address, Safe.execData(asked.tx, collected.packed!));
      await chainStep('submit', scheduled);
      await chainStep('queue', scheduled);
      expect(await Node.whyRefused(at.chain.client, outsider, later!.submit.to, later!.submit.data)).toBe(TOO_EARLY);
      expect(await values()).toEqual(before);
      await at.chain.rpc('evm_increaseTime', DELAY_SECONDS);
      await at.chain.rpc('evm_mine');
      await chainStep('execute', await send(outsider, later!.submit.to, later!.submit.data));
    });

    // 5. What the chain holds is what was advised, and nothing else moved.
    const after = await timed('read back every value', values);
    expect(after).toEqual({ ...before, 'WETH.ltv': '7900', 'WETH.liquidationThreshold': '8200', 'WBTC.ltv': '7350' });
    expect(after).toEqual({ ...proposal.held.values, ...proposal.becomes });
    await step({ action: 'verify', by: 'service', at: await now(), saw: digest(canonicalJson(after)), why: '' });
    expect(review.state).toBe('verified');

    // 6. Somebody who trusts nobody reads the log: every step, every signature, every receipt again.
    const lines = review.log.map(({ happening }) => JSON.stringify(happening));
    const read = (texts: readonly string[]) => texts.map((line) => Review.Happening.parse(JSON.parse(line)));
    const checked = await timed('check the whole log again', () => Log.check(at.chain.client, read(lines)));
    expect([checked.state, checked.log]).toEqual(['verified', review.log]);
    expect(checked.log.map(({ state }) => state)).toEqual([
      ...['drafted', 'checked', 'simulated', 'in-review', 'in-review', 'approved', 'approved', 'signed', 'submitted', 'queued', 'executed'],
      'verified',
    ]);
    for (const [from, to, where] of [
      ['"action":"approve"', '"action":"reject"', -1],
      [collected.accepted[0]!.bytes, collected.accepted[1]!.bytes, 6],
      [`"nonce":"0"`, `"nonce":"1"`, 7],
      [review.sheet, digest('another sheet'), 4],
      ['"block":"', '"block":"9', 10],
    ] as const) {
      const forged = lines.map((line, index) => (index === where || where === -1 ? line.replace(from, to) : line));
      expect(forged).not.toEqual(lines);
      await expect((async () => Log.check(at.chain.client, read(forged)))()).rejects.toThrow(PlimsollError);
    }

    // 7. The same in the store, each step with its line in the audit log; a line edited in the database shows.
    const { store, close } = await engines[0]!.open();
    try {
      for (const entries of [rejected.log, review.log]) expect(await Kept.append(store, entries[0]!.happening.saw, entries)).toBe(true);
      const total = rejected.log.length + review.log.length;
      expect(await Audit.verify(store.database)).toMatchObject({ entries: total, brokenAt: null });
      const line = await store.database.select().from(auditLog);
      const entry = line.find(({ seq }) => seq === 5)!.entry.replace('approve', 'reject');
      const edit = () => store.database.update(auditLog).set({ entry }).where(eq(auditLog.seq, 5));
      await expect(edit()).rejects.toThrow();
      await store.database.execute('ALTER TABLE plimsoll.audit_log DISABLE TRIGGER USER');
      await edit();
      expect((await Audit.verify(store.database)).brokenAt).toBe(5);
    } finally {
      await close();
    }
  });
});
