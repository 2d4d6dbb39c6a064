import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from '../../base/id.ts';
import * as Committee from '../../governance/committee.ts';
import * as Decision from '../../governance/decision.ts';
import * as Review from '../../governance/review.ts';
import * as Log from '../../governance/review-log.ts';
import { addressOf, at, committee, decide, drafted, FINAL, type Person, people, SHEET } from './people.ts';

const [drafter, ann, bob, cai, guardian, stranger] = people as [Person, Person, Person, Person, Person, Person];
const base = { saw: SHEET, why: 'because' };
const service = (action: 'check' | 'simulate' | 'verify' | 'expire' | 'fail', hours: number): Review.Happening => ({
  action,
  by: 'service',
  at: at(hours),
  ...base,
});
const chain = (action: 'submit' | 'queue' | 'execute', hours: number, blockHours = hours): Review.Happening => ({
  ...{ action, by: 'service', at: at(hours), ...base, transaction: `0x${'ab'.repeat(32)}`, block: '1', blockAt: at(blockHours) },
});
const by = (action: 'open' | 'approve' | 'reject' | 'veto', person: Person, hours: number, why = 'because'): Review.Happening => ({
  ...{ action, by: addressOf(person), at: at(hours), saw: SHEET, why, statement: {}, signature: '0x' },
});
const sign = (person: Person, hours: number, hash: `0x${string}` = FINAL): Review.Happening => ({
  ...{ action: 'sign', by: addressOf(person), at: at(hours), ...base, safeTx: {}, hash, signature: '0x' },
});
const opened = [drafted(), service('check', 1), service('simulate', 1), by('open', drafter, 1)];

function run(happenings: readonly Review.Happening[], from: Review.Review | null = null) {
  let review = from;
  let last: Review.Outcome | null = null;
  for (const happening of happenings) {
    last = Review.apply(review, happening);
    if (last.kind !== 'refused') review = last.review;
  }
  return { review: review!, last: last! };
}

describe('a review', () => {
  it('goes from draft to verified by two of three, two signatures and the chain', () => {
    const whole = [...opened, by('approve', ann, 2), by('approve', bob, 3), sign(ann, 4), sign(cai, 5)];
    const { review } = run([...whole, chain('submit', 6), chain('queue', 7), chain('execute', 8), service('verify', 9)]);
    expect(review.state).toBe('verified');
    expect(review.log.map(({ state }) => state)).toEqual([
      ...['drafted', 'checked', 'simulated', 'in-review', 'in-review', 'approved', 'approved', 'signed', 'submitted', 'queued', 'executed'],
      'verified',
    ]);
    expect(Review.replay(review.log.map(({ happening }) => happening))).toEqual(review);
  });

  it.each([
    ['the drafter approving', [...opened, by('approve', drafter, 2)], 'drafter'],
    ['a stranger approving', [...opened, by('approve', stranger, 2)], 'not-entitled'],
    ['a stranger opening', [...opened.slice(0, 3), by('open', stranger, 1)], 'not-entitled'],
    ['a reviewer vetoing', [...opened, by('veto', ann, 2)], 'not-entitled'],
    ['an approval before review', [...opened.slice(0, 3), by('approve', ann, 1)], 'wrong-state'],
    ['an approval of another sheet', [...opened, { ...by('approve', ann, 2), saw: digest('other') }], 'saw-another'],
    ['a rejection without a reason', [...opened, by('reject', ann, 2, ' ')], 'no-reason'],
    ['an approval after a rejection', [...opened, by('reject', ann, 2), by('approve', bob, 3)], 'ended'],
    ['one second too late', [...opened, by('approve', ann, 100)], 'expired'],
    ['expiry before its time', [...opened, service('expire', 99)], 'too-early'],
    ['a signature before approval', [...opened, by('approve', ann, 2), sign(ann, 3)], 'wrong-state'],
    [
      'signatures over two hashes',
      [...opened, by('approve', ann, 2), by('approve', bob, 2), sign(ann, 3), sign(bob, 3, '0x01')],
      'saw-another',
    ],
    [
      'sending with one signature',
      [...opened, by('approve', ann, 2), by('approve', bob, 2), sign(ann, 3), chain('submit', 4)],
      'wrong-state',
    ],
    [
      'execution in a block after expiry',
      [
        ...opened,
        by('approve', ann, 2),
        by('approve', bob, 2),
        sign(ann, 3),
        sign(bob, 3),
        chain('submit', 4),
        chain('queue', 5),
        chain('execute', 101),
      ],
      'expired',
    ],
  ] as const)('refuses %s', (_what, happenings, reason) => {
    expect(run(happenings as readonly Review.Happening[]).last).toMatchObject({ kind: 'refused', reason });
  });

  it('takes an execution seen late, when its block was in time', () => {
    const signed = [...opened, by('approve', ann, 2), by('approve', bob, 2), sign(ann, 3), sign(bob, 3)];
    expect(run([...signed, chain('submit', 4), chain('queue', 5), chain('execute', 120, 99)]).review.state).toBe('executed');
  });

  it('changes nothing when the same act comes again', () => {
    const once = run([...opened, by('approve', ann, 2)]);
    expect(Review.apply(once.review, by('approve', ann, 3))).toEqual({ kind: 'unchanged', review: once.review });
  });

  it('loses approval and signatures when a reviewer takes theirs back', () => {
    const two = Committee.read({ ...committee, rejections: 2 }, 'test');
    const { review } = run([
      drafted({ committee: two }),
      ...opened.slice(1),
      by('approve', ann, 2),
      by('approve', bob, 2),
      sign(ann, 3),
      by('reject', bob, 4),
    ]);
    expect(review).toMatchObject({ state: 'in-review', approvals: [addressOf(ann)], signing: null });
  });

  it('stops by a guardian until it is executed', () => {
    expect(run([...opened, by('veto', guardian, 2)]).review.state).toBe('vetoed');
  });
});

describe('whatever happens, in whatever order', () => {
  const anyone = fc.constantFrom(...people);
  const hours = fc.integer({ min: 0, max: 110 });
  const any: fc.Arbitrary<Review.Happening> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom('open', 'approve', 'approve', 'reject', 'veto' as const), anyone, hours)
        .map(([action, who, time]) => by(action as 'open', who, time)),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('check', 'simulate', 'verify', 'expire', 'fail' as const), hours)
        .map(([action, time]) => service(action as 'check', time)),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(anyone, hours, fc.constantFrom(FINAL, '0x02' as const)).map(([who, time, hash]) => sign(who, time, hash)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('submit', 'queue', 'execute' as const), hours)
        .map(([action, time]) => chain(action as 'submit', time)),
    },
    { weight: 1, arbitrary: fc.constant(drafted()) },
  );
  const rules = fc.record({ approvals: fc.integer({ min: 1, max: 3 }), rejections: fc.integer({ min: 1, max: 3 }) });

  it('is never approved without k others than the drafter, never leaves an end, never moves late, and tells the same twice', () => {
    const reached = new Set<Review.State>();
    const property = fc.property(
      rules,
      fc.constantFrom('drafted', 'opened', 'signed'),
      fc.array(any, { maxLength: 40 }),
      (given, begun, happenings) => {
        const own = Committee.read({ ...committee, ...given }, 'test');
        // Random acts alone hardly get past two signatures: some begin there.
        const agreed = [ann, bob, cai].slice(0, given.approvals).map((one) => by('approve', one, 2));
        const after = { drafted: [], opened: opened.slice(1), signed: [...opened.slice(1), ...agreed, sign(ann, 3), sign(bob, 3)] };
        let { review } = run([drafted({ committee: own }), ...after[begun as keyof typeof after]]);
        for (const happening of happenings) {
          const before = review;
          const outcome = Review.apply(before, happening);
          if (outcome.kind === 'refused') continue;
          review = outcome.review;
          reached.add(review.state);
          if (outcome.kind === 'unchanged') expect(review).toBe(before);
          if (Review.TERMINAL.includes(before.state)) expect(review).toBe(before);
          // Counted anew from the log, not from what the machine believes.
          const acts = review.log.map(({ happening: act }) => act);
          const rejected = new Set(acts.filter(({ action }) => action === 'reject').map((act) => act.by));
          const approved = new Set(acts.filter((act) => act.action === 'approve' && !rejected.has(act.by)).map((act) => act.by));
          const opener = acts.find(({ action }) => action === 'open')?.by;
          if (['approved', 'signed', 'submitted', 'queued', 'executed', 'verified'].includes(review.state)) {
            expect(approved.size).toBeGreaterThanOrEqual(own.approvals);
            expect(approved.has(opener!)).toBe(false);
            for (const one of approved) expect(own.reviewers).toContain(one);
          }
          if (['signed', 'submitted', 'queued', 'executed', 'verified'].includes(review.state)) {
            const hash = review.signing!.hash;
            const owners = new Set(acts.flatMap((act) => (act.action === 'sign' && act.hash === hash ? [act.by] : [])));
            expect(owners.size).toBeGreaterThanOrEqual(2);
          }
          const isLate = happening.at >= review.expiresAt;
          if (outcome.kind === 'moved' && isLate) expect(['expired', 'failed', 'verified']).toContain(review.state);
        }
        expect(Review.replay(review.log.map(({ happening }) => happening))).toEqual(review);
      },
    );
    fc.assert(property, { numRuns: 1_500 });
    for (const state of ['approved', 'signed', 'submitted', 'rejected', 'vetoed', 'expired'] as const) expect(reached).toContain(state);
  });
});

describe('a decision', () => {
  const { review } = run(opened.slice(0, 3));

  it('is hashed alike by two encoders, whatever it says', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(digest);
    const statement = fc.record({
      ...{ action: fc.constantFrom(...Decision.ACTIONS), proposal: id, saw: id, committee: id, log: id, finalHash: fc.constant(FINAL) },
      ...{ reason: fc.string({ unit: 'grapheme', maxLength: 300 }), decidedAt: fc.nat().map(String) },
    });
    fc.assert(
      fc.property(statement, fc.integer({ min: 1, max: 1e9 }), (given, chainId) => {
        expect(Decision.hashesByWords(given, chainId)).toEqual(Decision.hashesByViem(given, chainId));
      }),
      { numRuns: 100 },
    );
  });

  it('makes a log that anyone can check, and no other', async () => {
    const open = await decide(drafter, 'open', 'please read', at(1), review);
    const inReview = run([open], review).review;
    const no = await decide(ann, 'approve', 'reads as it should', at(2), inReview);
    const log = [...opened.slice(0, 3), open, no, await decide(bob, 'approve', 'so do I', at(3), inReview)];
    expect((await Log.check(null, log)).state).toBe('approved');
    const spoil = (index: number, change: object) =>
      Log.check(
        null,
        log.map((one, at) => (at === index ? ({ ...one, ...change } as Review.Happening) : one)),
      );
    await expect(spoil(4, { by: addressOf(cai) })).rejects.toThrow(Decision.BadSignatureError);
    await expect(spoil(4, { why: 'another reason' })).rejects.toThrow(/reason/);
    await expect(spoil(4, { saw: digest('another') })).rejects.toThrow(/saw/);
    await expect(spoil(4, { action: 'reject' })).rejects.toThrow(/action/);
    await expect(spoil(4, { at: at(40) })).rejects.toThrow(/last day/);
    await expect(Log.check(null, log.toSpliced(3, 1))).rejects.toThrow(/approve needs in-review/);
    await expect(Log.check(null, [...log.slice(0, 5), no])).rejects.toThrow(/same act twice/);
    await expect(Log.check(null, [])).rejects.toThrow(/no entry/);
  });
});

describe('a committee', () => {
  it.each([
    ['fewer reviewers than approvals', { approvals: 5 }],
    ['nobody left besides the drafter', { approvals: 4 }],
    ['a reviewer twice', { reviewers: [ann.address, ann.address, bob.address] }],
    ['more rejections than reviewers', { rejections: 9 }],
    ['a Safe nobody can open', { safe: { ...committee.safe, threshold: 4 } }],
    ['no address', { reviewers: ['ann'] }],
    ['an unknown key', { admin: ann.address }],
  ])('refuses %s', (_what, change) => {
    expect(() => Committee.read({ ...committee, ...change }, 'committee.json')).toThrow(Committee.UnusableError);
  });
});
