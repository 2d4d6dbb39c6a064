import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHOICES } from '../../api/cli/propose.ts';
import { isSealed } from '../../base/id.ts';
import { declared, draftAt } from '../../governance/draft-venue.ts';
import type { NoProposal } from '../../governance/proposal.ts';
import * as Decode from '../../governance/targets/decode.ts';
import { TARGET_NAMES, Venue } from '../../governance/venue.ts';
import { mayBeAutomatic, VenueProposal } from '../../governance/venue-proposal.ts';
import * as Report from '../../governance/venue-report.ts';
import { advised, ROOT, state } from './book.ts';
import * as Venues from './targets/venues.ts';

const FOLDER = 'docs/venues';
const files = readdirSync(FOLDER).map((name) => ({ name, venue: Venue.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))) }));

/** `rehearsal.test.ts` and `governors-on-chain.test.ts` run these on their real contracts. Of the examples none has both a target and a road that are run. */
const RUN = {
  configurator: 'Aave v3.0.2 (@aave/core-v3 1.19.3)',
  safe: 'Safe 1.5.0',
  bravo: 'GovernorAlpha and Timelock (@uniswap/governance 1.0.2)',
};

/** Small enough for a steward's step. */
const MOVES = { WETH: { haircutBps: 1_990, liquidationThresholdBps: 8_290, marginMultiplierPpm: 1_250_000 } };
const book = state();
const advice = advised(book, MOVES);
const safe = { route: 'safe', safe: `0x${'5'.repeat(40)}`, version: '1.4.1', nonce: 3 } as const;
const venue = (parameters: unknown, route: unknown = { route: 'direct', from: null }): Venue => Venue.parse({ parameters, route });
const draft = (given: Venue, now?: string) => draftAt(advice, book, declared(given, book), ROOT, now);

describe('venues', () => {
  it('have an example each, under its own name, and the command line offers them all', () => {
    const named = files.map(({ name }) => name.replace('.json', '')).sort();
    expect(named).toEqual(CHOICES.filter((choice) => choice !== 'openzeppelin-governor').sort());
    for (const target of TARGET_NAMES) expect(named).toContain(target);
  });

  it('put what was reckoned beside the advice into the calls, and say that no evidence is about it', () => {
    const given = files.find(({ name }) => name === 'aave-v3-engine.json')!.venue;
    const moves = [
      { asset: 'WETH', field: 'supplyCapTokens', from: null, to: 72_000 },
      {
        asset: 'WETH',
        field: 'liquidationBonusBps',
        from: book.assets.find(({ asset }) => asset === 'WETH')!.parameters.liquidationBonusBps,
        to: 450,
      },
      { asset: 'GONE', field: 'supplyCapTokens', from: null, to: 1 },
    ] as const;
    const proposal = draftAt(advice, book, declared(given, book), ROOT, advice.asOf, moves) as VenueProposal;
    expect(proposal.kind).toBe('venue-proposal');
    expect(proposal.becomes).toMatchObject({ 'WETH.supplyCap': '72000' });
    expect(proposal.calls.map(({ says }) => says).join(' ')).toContain('supply cap 72000');
    expect(proposal.description).toContain('not part of its evidence: WETH supplyCapTokens, WETH liquidationBonusBps.');
    const alone = draftAt(advised(book, {}), book, declared(given, book), ROOT, advice.asOf, moves);
    expect(alone).toMatchObject({ kind: 'venue-proposal' });
    const stale = moves.map((move) => ({ ...move, from: 5 }));
    expect(draftAt(advice, book, declared(given, book), ROOT, advice.asOf, stale)).toMatchObject({
      kind: 'no-proposal',
      reason: 'state-moved',
    });
  });

  it.each(files)('$name drafts, decodes and is labelled as it should be', ({ venue: given }) => {
    const isMorpho = given.parameters.target === 'morpho';
    const terms = isMorpho ? { liquidationThresholdBps: 8_600 } : {};
    const assets = book.assets.map((item) => (item.asset === 'WETH' ? { ...item, parameters: { ...item.parameters, ...terms } } : item));
    const held = state({ assets });
    const moves = isMorpho ? { WETH: { liquidationThresholdBps: 8_000 } } : MOVES;
    const proposal = draftAt(advised(held, moves), held, declared(given, held), ROOT) as VenueProposal;
    expect(proposal).toMatchObject({ kind: 'venue-proposal', target: given.parameters.target, route: given.route.route });
    expect(VenueProposal.parse(proposal)).toEqual(proposal);
    expect(isSealed(proposal)).toBe(true);
    for (const { data, says } of proposal.calls) expect(Decode.decode(data).says).toBe(says);
    for (const { data } of proposal.submit) expect(() => Decode.decode(data)).not.toThrow();
    expect(proposal.description).toContain(ROOT);
    expect(Object.keys(proposal.becomes).length).toBeGreaterThan(
      given.parameters.target === 'morpho' || given.parameters.target === 'aave-v4-steward' ? -1 : 0,
    );
    expect(proposal.checks.find(({ name }) => name === 'known-version')?.verdict).toBe('warn');
    expect(proposal.simulatedOn).toBeNull();
    expect(mayBeAutomatic(proposal)).toBe(false);
    const page = Report.render(proposal);
    for (const part of [proposal.id, ...proposal.calls.map(({ data }) => data)]) expect(page).toContain(part);
    expect(page.includes('not-simulated')).toBe(proposal.simulatedOn === null);
  });
});

describe('a draft for a venue', () => {
  it('says which part of the advice the target has no place for', () => {
    const proposal = draft(venue(Venues.configurator)) as VenueProposal;
    expect(proposal.calls.map(({ says }) => says)).toEqual([expect.stringContaining('LTV 80.10 %, threshold 82.90 %, bonus 5.00 %')]);
    expect(proposal.checks.find(({ name }) => name === 'whole-advice')).toMatchObject({
      verdict: 'warn',
      says: expect.stringContaining('WETH marginMultiplierPpm'),
    });
    expect(draft(venue(Venues.derive)) as VenueProposal).toMatchObject({ chainId: 957, becomes: { 'WETH.initial': '125000000000000000' } });
  });

  it('puts one call into a Safe as it is and several into one batch, and hashes both twice', () => {
    const one = draft(venue(Venues.configurator, safe)) as VenueProposal;
    expect(one.safe!.tx).toMatchObject({ to: Venues.configurator.configurator, operation: 0, data: one.calls[0]!.data, nonce: '3' });
    const many = draft(venue(Venues.comet, safe)) as VenueProposal;
    expect(many.calls).toHaveLength(3);
    expect(many.safe!.tx).toMatchObject({ to: '0x9641d764fc13c8B624c04430C7356C1C7C8102e2', operation: 1 });
    expect(Decode.decode(many.safe!.tx.data).calls.map(({ data }) => data)).toEqual(many.calls.map(({ data }) => data));
    expect(many.onChainId).toBe(String(BigInt(many.safe!.hash)));
    expect(many.checks.find(({ name }) => name === 'nothing-else-inside')?.verdict).toBe('pass');
  });

  it('names the approval a Safe signs that owns the Safe', () => {
    const nested = { safe: `0x${'6'.repeat(40)}`, version: '1.1.1', nonce: 9 };
    const proposal = draft(venue(Venues.configurator, { ...safe, nested })) as VenueProposal;
    const inner = Decode.decode(proposal.nested!.tx.data);
    expect([inner.function, inner.arguments]).toEqual(['approveHash', { hashToApprove: proposal.safe!.hash }]);
    expect(proposal.nested!.tx).toMatchObject({ to: safe.safe, nonce: '9', operation: 0 });
    expect(proposal.nested!.domainHash).not.toBe(proposal.safe!.domainHash);
  });

  it('goes through Bravo with empty signatures and through Aave’s governance as a payload', () => {
    const bravo = draft(
      venue(Venues.comet, { route: 'governor-bravo', governor: `0x${'1'.repeat(40)}`, timelock: `0x${'2'.repeat(40)}` }),
    ) as VenueProposal;
    const proposed = Decode.decode(bravo.submit[0]!.data);
    expect(proposed.arguments['signatures']).toEqual(['', '', '']);
    expect(proposed.calls.map(({ data }) => data)).toEqual(bravo.calls.map(({ data }) => data));
    const road = JSON.parse(readFileSync(join(FOLDER, 'aave-governance.json'), 'utf8')).route as unknown;
    const payload = draft(venue(Venues.engine, road)) as VenueProposal;
    expect(Decode.decode(payload.submit[0]!.data)).toMatchObject({ function: 'createPayload', calls: [{ operation: 'delegatecall' }] });
    expect(payload.checks.find(({ name }) => name === 'decoded-twice')?.verdict).toBe('pass');
  });

  it.each([
    [
      'an LTV too far for the steward',
      venue({ ...Venues.steward, bounds: { ...Venues.steward.bounds, ltv: { minDelaySeconds: 0, maxPercentChange: 39 } } }),
      'out-of-bounds',
      /revert with UpdateNotInRange/,
    ],
    [
      'more actions than Bravo takes',
      venue(Venues.comet, { route: 'governor-bravo', governor: `0x${'1'.repeat(40)}`, timelock: `0x${'2'.repeat(40)}`, maxActions: 2 }),
      'out-of-bounds',
      /too many actions/,
    ],
    ['a delegate call on a road that only calls', venue(Venues.engine), 'out-of-bounds', /NoDelegateCall/],
    ['a Safe whose nonce is not known', venue(Venues.configurator, { ...safe, nonce: undefined }), 'out-of-bounds', /UnknownNonce/],
    ['a target without a place for any of it', venue({ ...Venues.riskOracle, assets: {} }), 'nothing-to-change', /holds none of/],
  ] as const)('refuses %s', (_name, given, reason, says) => {
    const refused = draft(given) as NoProposal;
    expect(refused).toMatchObject({ kind: 'no-proposal', reason });
    expect(refused.says).toMatch(says);
  });

  it('refuses what expired, what the Governor’s delays outlast, what moved and the wrong chain', () => {
    expect(draft(venue(Venues.configurator), '2023-11-07T00:00:00.000Z')).toMatchObject({ reason: 'expired' });
    const slow = {
      route: 'openzeppelin-governor',
      governor: `0x${'1'.repeat(40)}`,
      timelock: `0x${'2'.repeat(40)}`,
      timelockDelaySeconds: 604_800,
    };
    expect(draft(venue(Venues.configurator, slow))).toMatchObject({ reason: 'too-late-to-execute' });
    const given = venue(Venues.configurator);
    const place = declared(given, book);
    const other = { ...place, held: { ...place.held, values: { ...place.held.values, 'WETH.ltv': '8000' } } };
    expect(draftAt(advice, book, other, ROOT)).toMatchObject({ reason: 'state-moved', says: expect.stringContaining('WETH.ltv is 8000') });
    const real = state({ simulated: false, chainId: 10 });
    const fields = advised(real, MOVES);
    expect(draftAt(fields, real, declared(given, real), ROOT)).toMatchObject({
      reason: 'check-failed',
      says: expect.stringContaining('chain 10'),
    });
  });

  it('is automatic only where contracts were run, versions read and every check passed', () => {
    const proposal = draft(venue(Venues.configurator)) as VenueProposal;
    expect(proposal.simulatedOn).toBe(`${RUN.configurator}; direct: no contract of its own`);
    // A real target through a road that is not run, and the other way round, are not simulated.
    const bravo = { route: 'governor-bravo', governor: `0x${'1'.repeat(40)}`, timelock: `0x${'2'.repeat(40)}` };
    expect((draft(venue(Venues.configurator, bravo)) as VenueProposal).simulatedOn).toBe(
      `${RUN.configurator}; governor-bravo: ${RUN.bravo}`,
    );
    const aave = JSON.parse(readFileSync(join(FOLDER, 'aave-governance.json'), 'utf8')).route as unknown;
    expect((draft(venue(Venues.configurator, aave)) as VenueProposal).simulatedOn).toBeNull();
    expect((draft(venue(Venues.comet, safe)) as VenueProposal).simulatedOn).toBeNull();
    // Only the version that is run: another's contracts are not its own.
    expect((draft(venue(Venues.configurator, safe)) as VenueProposal).simulatedOn).toBeNull();
    const run = { ...safe, version: '1.5.0' };
    expect((draft(venue(Venues.configurator, run)) as VenueProposal).simulatedOn).toBe(`${RUN.configurator}; safe: ${RUN.safe}`);
    const passed = {
      ...proposal,
      held: { ...proposal.held, detectedBy: 'x' },
      checks: proposal.checks.map((check) => ({ ...check, verdict: 'pass' as const })),
    };
    expect(mayBeAutomatic(passed)).toBe(true);
    expect(mayBeAutomatic({ ...passed, simulatedOn: null })).toBe(false);
    expect(mayBeAutomatic({ ...passed, route: 'safe' })).toBe(false);
    expect(mayBeAutomatic({ ...passed, checks: proposal.checks })).toBe(false);
  });
});
