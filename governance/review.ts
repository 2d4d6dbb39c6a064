/**
 * Review: where a proposal stands, as the fold of everything that happened to it. Pure: who, when and what are in the transition.
 *
 *   drafted → checked → simulated → in-review → approved → signed → submitted → queued → executed → verified
 *   ends otherwise: rejected, expired, vetoed, superseded, failed
 *
 * A transition already in the log changes nothing. A terminal state is never left. Advice goes stale: from `expiresAt` on, the only step
 * is to `expire`; what the chain did counts at the time of its block. Signatures are checked by `decision.ts` before they get here.
 */
import { z } from 'zod';
import { canonicalJson, digest, Id } from '../base/id.ts';
import { Committee, idOf } from './committee.ts';
import { Address, Hex } from './targets/words.ts';

export const STATES = [
  'drafted',
  'checked',
  'simulated',
  'in-review',
  'approved',
  'signed',
  'submitted',
  'queued',
  'executed',
  'verified',
  'rejected',
  'expired',
  'vetoed',
  'superseded',
  'failed',
] as const;
export type State = (typeof STATES)[number];
export const TERMINAL: readonly State[] = ['verified', 'rejected', 'expired', 'vetoed', 'superseded', 'failed'];

const who = { by: z.union([Address, z.literal('service')]), at: z.iso.datetime(), saw: Id, why: z.string().max(4_000) };
const signed = { ...who, by: Address, statement: z.record(z.string(), z.string()).readonly(), signature: Hex };
const onChain = { ...who, transaction: Hex, block: z.string().regex(/^\d+$/), blockAt: z.iso.datetime() };
const of = <Name extends string, Shape extends z.ZodRawShape>(action: Name, shape: Shape) =>
  z.strictObject({ action: z.literal(action), ...shape }).readonly();

/** What happened. `saw` names what the actor looked at: the sheet, the checks, the execution, the read-back. */
export const Happening = z.discriminatedUnion('action', [
  of('draft', {
    ...who,
    proposal: Id,
    expiresAt: z.iso.datetime(),
    finalHash: Hex,
    sheet: Id,
    committee: Committee,
    revises: Id.nullable(),
  }),
  of('check', who),
  of('simulate', who),
  of('open', signed),
  of('approve', signed),
  of('reject', signed),
  of('veto', signed),
  of('sign', {
    ...who,
    by: Address,
    safeTx: z.record(z.string(), z.union([z.string(), z.number()])).readonly(),
    hash: Hex,
    signature: Hex,
  }),
  of('submit', onChain),
  of('queue', onChain),
  of('execute', onChain),
  of('verify', who),
  of('expire', who),
  of('supersede', { ...who, successor: Id }),
  of('fail', who),
]);
export type Happening = z.infer<typeof Happening>;
export type Signed = Extract<Happening, { statement: unknown }>;
export type Action = Happening['action'];

/** One entry of a review's own chain: `previous` is the digest of the entry before. */
export type Transition = { readonly seq: number; readonly previous: Id | null; readonly state: State; readonly happening: Happening };

export type Review = {
  readonly proposal: Id;
  readonly state: State;
  readonly committee: Committee;
  readonly committeeId: Id;
  readonly drafter: Address | null;
  readonly expiresAt: string;
  readonly finalHash: Hex;
  readonly sheet: Id;
  readonly revises: Id | null;
  readonly approvals: readonly Address[];
  readonly rejections: readonly Address[];
  /** The one SafeTx hash that is being signed, and who has. */
  readonly signing: { readonly hash: Hex; readonly owners: readonly Address[] } | null;
  readonly log: readonly Transition[];
};

export type Refusal = {
  readonly kind: 'refused';
  readonly reason:
    | 'wrong-state'
    | 'ended'
    | 'expired'
    | 'not-entitled'
    | 'drafter'
    | 'already-decided'
    | 'saw-another'
    | 'no-reason'
    | 'too-early';
  readonly says: string;
};
export type Outcome = { readonly kind: 'moved' | 'unchanged'; readonly review: Review } | Refusal;

/** The next state, the same where this is already known, or why not. */
export function apply(review: Review | null, happening: Happening): Outcome {
  if (review === null)
    return happening.action === 'draft' ? moved(begin(happening), happening, 'drafted') : refuse('wrong-state', 'Nothing was drafted.');
  if (review.log.some((entry) => sameAct(entry.happening, happening))) return { kind: 'unchanged', review };
  if (TERMINAL.includes(review.state)) return refuse('ended', `The proposal is ${review.state}; that is its end.`);
  const { action } = happening;
  const from = FROM[action];
  if (!from.includes(review.state)) return refuse('wrong-state', `${action} needs ${from.join(' or ')}; the proposal is ${review.state}.`);
  const late = Date.parse('blockAt' in happening ? happening.blockAt : happening.at) >= Date.parse(review.expiresAt);
  if (action === 'expire' && !late) return refuse('too-early', `It expires at ${review.expiresAt}, not before.`);
  if (late && !['expire', 'verify', 'fail', 'supersede'].includes(action))
    return refuse('expired', `The advice expired at ${review.expiresAt}.`);
  const denied = entitled(review, happening);
  return denied ?? step(review, happening);
}

/** The fold of a stored log; a log that this machine would not have written is null. */
export function replay(happenings: readonly Happening[]): Review | null {
  let review: Review | null = null;
  for (const happening of happenings) {
    const outcome = apply(review, happening);
    if (outcome.kind !== 'moved') return null;
    review = outcome.review;
  }
  return review;
}

/** What people can still do, in words of the state machine. */
export function next(review: Review): readonly Action[] {
  return TERMINAL.includes(review.state) ? [] : (Object.keys(FROM) as Action[]).filter((action) => FROM[action].includes(review.state));
}

const BEFORE_SUBMISSION: readonly State[] = ['drafted', 'checked', 'simulated', 'in-review', 'approved', 'signed'];
const BEFORE_EXECUTION: readonly State[] = [...BEFORE_SUBMISSION, 'submitted', 'queued'];
const FROM: Readonly<Record<Action, readonly State[]>> = {
  draft: [],
  check: ['drafted'],
  simulate: ['checked'],
  open: ['simulated'],
  approve: ['in-review'],
  reject: ['in-review', 'approved', 'signed'],
  veto: ['in-review', 'approved', 'signed', 'submitted', 'queued'],
  sign: ['approved'],
  submit: ['approved', 'signed'],
  queue: ['submitted'],
  execute: ['queued'],
  verify: ['executed'],
  expire: BEFORE_EXECUTION,
  supersede: BEFORE_SUBMISSION,
  fail: [...BEFORE_EXECUTION, 'executed'],
};

/** The same person doing the same thing again, however often it arrives. */
function sameAct(one: Happening, two: Happening): boolean {
  if (one.action !== two.action || one.by !== two.by) return false;
  if (one.action === 'sign' && two.action === 'sign') return one.hash === two.hash;
  if ('transaction' in one && 'transaction' in two) return one.transaction === two.transaction;
  return one.saw === two.saw;
}

function entitled(review: Review, happening: Happening): Refusal | null {
  const { committee, drafter, approvals, rejections } = review;
  const by = happening.by as Address;
  const decides = ['open', 'approve', 'reject', 'veto'].includes(happening.action);
  if (decides && happening.saw !== review.sheet) return refuse('saw-another', `Saw ${happening.saw}; the review is about ${review.sheet}.`);
  if (['reject', 'veto', 'fail'].includes(happening.action) && happening.why.trim() === '')
    return refuse('no-reason', 'It needs a reason.');
  switch (happening.action) {
    case 'open':
      return committee.drafters.includes(by) ? null : refuse('not-entitled', `${by} is no drafter.`);
    case 'approve':
    case 'reject':
      if (by === drafter) return refuse('drafter', `${by} put the draft to review and cannot decide on it.`);
      if (!committee.reviewers.includes(by)) return refuse('not-entitled', `${by} is no reviewer.`);
      if (rejections.includes(by)) return refuse('already-decided', `${by} has rejected it.`);
      return happening.action === 'approve' && approvals.includes(by) ? refuse('already-decided', `${by} has approved it.`) : null;
    case 'veto':
      return committee.guardians.includes(by) ? null : refuse('not-entitled', `${by} is no guardian.`);
    case 'sign':
      if (committee.safe === null || !committee.safe.owners.includes(by)) return refuse('not-entitled', `${by} is no owner of the Safe.`);
      return review.signing !== null && review.signing.hash !== happening.hash
        ? refuse('saw-another', `Signs ${happening.hash}; others have signed ${review.signing.hash}.`)
        : null;
    case 'submit':
      return committee.safe !== null && review.state !== 'signed' ? refuse('wrong-state', 'The Safe has not signed.') : null;
    default:
      return null;
  }
}

function step(review: Review, happening: Happening): Outcome {
  const by = happening.by as Address;
  switch (happening.action) {
    case 'open':
      return moved({ ...review, drafter: by }, happening, 'in-review');
    case 'approve': {
      const approvals = [...review.approvals, by];
      return moved({ ...review, approvals }, happening, approvals.length >= review.committee.approvals ? 'approved' : 'in-review');
    }
    case 'reject': {
      // Whoever changes their mind takes the approval back; with too few left it is in review again, and signed again from the start.
      const approvals = review.approvals.filter((one) => one !== by);
      const rejections = [...review.rejections, by];
      if (rejections.length >= review.committee.rejections) return moved({ ...review, approvals, rejections }, happening, 'rejected');
      const holds = approvals.length >= review.committee.approvals;
      return moved(
        { ...review, approvals, rejections, signing: holds ? review.signing : null },
        happening,
        holds ? review.state : 'in-review',
      );
    }
    case 'sign': {
      const owners = [...(review.signing?.owners ?? []), by];
      const enough = owners.length >= (review.committee.safe?.threshold ?? Number.POSITIVE_INFINITY);
      return moved({ ...review, signing: { hash: happening.hash, owners } }, happening, enough ? 'signed' : 'approved');
    }
    default:
      return moved(review, happening, REACHES[happening.action]);
  }
}

const REACHES = {
  ...({ draft: 'drafted', check: 'checked', simulate: 'simulated', veto: 'vetoed', submit: 'submitted', queue: 'queued' } as const),
  ...({ execute: 'executed', verify: 'verified', expire: 'expired', supersede: 'superseded', fail: 'failed' } as const),
};

function begin({ proposal, committee, expiresAt, finalHash, sheet, revises }: Extract<Happening, { action: 'draft' }>): Review {
  const fresh = { approvals: [], rejections: [], signing: null, log: [], drafter: null, state: 'drafted' as const };
  return { proposal, committee, committeeId: idOf(committee), expiresAt, finalHash, sheet, revises, ...fresh };
}

function moved(review: Review, happening: Happening, state: State): Outcome {
  const last = review.log.at(-1);
  const previous = last === undefined ? null : digest(canonicalJson(last));
  return { kind: 'moved', review: { ...review, state, log: [...review.log, { seq: review.log.length + 1, previous, state, happening }] } };
}

function refuse(reason: Refusal['reason'], says: string): Refusal {
  return { kind: 'refused', reason, says };
}
