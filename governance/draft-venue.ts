/**
 * draft for a venue: advice into the calls of a protocol's own contracts, through the road that reaches them, or a refusal.
 *
 * Pure: what the chain holds was read before (`Target.Held`, `Road.RoadState`), or is declared from the state and says so.
 */
import { type Id, seal } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import * as Draft from './draft.ts';
import type { NoProposal } from './proposal.ts';
import * as Report from './report.ts';
import * as Road from './road.ts';
import * as Call from './targets/call.ts';
import * as Decode from './targets/decode.ts';
import * as Governor from './targets/governor.ts';
import type { Held, Move, Refusal } from './targets/target.ts';
import * as Venue from './venue.ts';
import * as VenueChecks from './venue-checks.ts';
import type { VenueCall, VenueProposal } from './venue-proposal.ts';

export type Place = { readonly venue: Venue.Venue; readonly held: Held; readonly road: Road.RoadState };

/** Nothing was read: values from the state, versions from the file. Nobody may sign on it, and a check says so. */
export function declared(venue: Venue.Venue, state: ProtocolState): Place {
  const parameters = Object.fromEntries(state.assets.map((asset) => [asset.asset, asset.parameters]));
  return { venue, held: Venue.targetOf(venue.parameters).declare(venue.parameters, parameters), road: Road.declare(venue.route) };
}

export function draftAt(
  recommendation: Recommendation,
  state: ProtocolState,
  { venue, held, road }: Place,
  evidenceRoot: Id,
  now: string = recommendation.asOf,
  /** Values computed beside the advice, such as caps: in the calls, and said to be outside the evidence. */
  beside: readonly Move[] = [],
): VenueProposal | NoProposal {
  const from = { recommendation: recommendation.id, state: state.id };
  const refuse = (reason: NoProposal['reason'], says: string): NoProposal => ({ kind: 'no-proposal', from, reason, says });
  const target = Venue.targetOf(venue.parameters);

  // 1. Is the advice about this state, fresh when it executes, and about what this venue holds?
  const leadSeconds = Road.leadSeconds(venue.route);
  const stale = Draft.stale(recommendation, state, leadSeconds, now);
  if (stale !== null) return refuse(stale.reason, stale.says);
  const found = Draft.moves(recommendation, state);
  if ('reason' in found) return refuse(found.reason, found.says);
  const covered = (move: Move): boolean => target.FIELDS.includes(move.field) && covers(venue, move);
  const outside = beside.filter(covered);
  const moves = [...found.moves.filter(covered), ...outside];
  const leftOut = found.moves.filter((move) => !covered(move));
  if (moves.length === 0) {
    const rest = leftOut.length === 0 ? 'no value moves' : `${venue.parameters.target} holds none of ${leftOut.map(name).join(', ')}`;
    return refuse('nothing-to-change', `The advice is ${recommendation.verdict}: ${rest}.`);
  }

  // 2. Would the contracts take it when it executes?
  const executesSeconds = Math.floor(Date.parse(now) / 1000) + leadSeconds;
  const wall = target.constraints(venue.parameters, held, moves, executesSeconds);
  if (wall !== null) return refuse(REASONS[wall.name] ?? 'out-of-bounds', saysOf(wall, venue.parameters.target));

  // 3. Encode, and read back with the other decoder.
  const plan = target.encode(venue.parameters, held, moves);
  const blocked = plan.message === undefined ? Road.constraints(venue.route, plan.actions, road) : null;
  if (blocked !== null) return refuse('out-of-bounds', saysOf(blocked, venue.route.route));
  const calls = plan.actions.map((action): VenueCall => {
    const { target, function: functionName, arguments: arguments_, says } = Decode.decode(action.data);
    return { ...action, decoded: { target, function: functionName, arguments: arguments_ }, says };
  });

  // 4. The text, then what people send or sign.
  const rows = moves.map(({ asset, field, from, to }) => ({
    asset,
    parameter: LABELS[field],
    now: show(field, from),
    proposed: show(field, to),
  }));
  const terms = [
    `LTV = 100 % − haircut. Executed by ${venue.parameters.target} through ${venue.route.route}, contracts of version ${held.version}.`,
    ...(leftOut.length === 0 ? [] : ['', `The evidence is about the whole advice. Not in these calls: ${leftOut.map(name).join(', ')}.`]),
    ...(outside.length === 0 ? [] : ['', `Reckoned beside the advice, not part of its evidence: ${outside.map(name).join(', ')}.`]),
    ...(plan.notes.length === 0 ? [] : ['', ...plan.notes.map((note) => `- ${note}`)]),
  ];
  const text = Report.describe({ recommendation, state, rehearsal: false, evidenceRoot, rows, terms, bound: 'by-text' });
  const description = venue.route.route === 'openzeppelin-governor' ? Governor.restrictTo(venue.route.proposer, text) : text;
  const chainId = venue.parameters.chainId;
  const wrapped = Road.wrap(venue.route, chainId, road, plan.actions, description);

  // 5. Check everything once more from the outside.
  const subject = { recommendation, state, venue, held, road, plan, calls, wrapped, moves, leftOut, description, evidenceRoot, now };
  const checks = VenueChecks.all(subject);
  const failed = checks.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) return refuse('check-failed', `${failed.name}: ${failed.says}`);
  return seal({
    kind: 'venue-proposal' as const,
    from,
    target: venue.parameters.target,
    route: venue.route.route,
    chainId,
    held,
    road: { version: road.version, detectedBy: road.detectedBy },
    becomes: plan.becomes,
    calls,
    submit: wrapped.submit.map(plain),
    safe: signed(wrapped.safe),
    later: wrapped.later === null ? null : { ...wrapped.later, submit: plain(wrapped.later.submit) },
    nested: signed(wrapped.nested),
    message: plan.message ?? null,
    notes: [...plan.notes, ...wrapped.notes],
    description,
    descriptionHash: Road.descriptionHash(description),
    onChainId: wrapped.onChainId,
    evidenceRoot,
    checks,
    simulatedOn: VenueChecks.simulatedOn(venue, road),
    expiresAt: recommendation.expiresAt,
  });
}

/** Field and value as people read them. */
export function show(field: Move['field'], value: number | null): string {
  if (value === null) return 'no cap';
  if (field === 'marginMultiplierPpm') return `${(value / 1_000_000).toFixed(6).replace(/0{1,4}$/, '')}×`;
  return field.endsWith('Tokens') ? `${value} tokens` : Call.bps(String(value));
}

const LABELS: Readonly<Record<Move['field'], string>> = {
  haircutBps: 'haircut',
  liquidationThresholdBps: 'liquidation threshold',
  liquidationBonusBps: 'liquidation bonus',
  marginMultiplierPpm: 'margin multiplier',
  supplyCapTokens: 'supply cap',
  borrowCapTokens: 'borrow cap',
};

const REASONS: Readonly<Record<string, NoProposal['reason']>> = {
  StateMoved: 'state-moved',
  Duplicate: 'duplicate',
  UnknownAsset: 'unknown-asset',
};

function covers({ parameters }: Venue.Venue, { asset, field }: Move): boolean {
  if (parameters.target === 'dydx') return parameters.tiers.some(({ markets }) => markets.includes(asset));
  if (parameters.target === 'euler' && field.endsWith('Tokens')) return asset === parameters.lends.asset;
  if (parameters.target === 'risk-oracle' && parameters.updateTypes[field] === undefined) return false;
  return asset in parameters.assets;
}

function saysOf({ by, name, says }: Refusal, where: string): string {
  return by === 'chain' ? `${where} would revert with ${name}. ${says}` : `${name}: ${says}`;
}

function name({ asset, field }: Move): string {
  return `${asset} ${field}`;
}

function plain({ to, data, valueWei }: Call.Inner): VenueProposal['submit'][number] {
  return { to, data, valueWei };
}

function signed(part: Road.SignedPart | null): VenueProposal['safe'] {
  if (part === null) return null;
  const { tx, domain, hashes } = part;
  return { safe: domain.safe, version: domain.version, tx, domainHash: hashes.domain, messageHash: hashes.message, hash: hashes.hash };
}
