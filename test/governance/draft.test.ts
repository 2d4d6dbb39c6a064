import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSealed } from '../../base/id.ts';
import * as Checks from '../../governance/checks.ts';
import { draft } from '../../governance/draft.ts';
import { NoProposal, Proposal } from '../../governance/proposal.ts';
import * as Report from '../../governance/report.ts';
import { rehearsalTarget } from '../../governance/simulate.ts';
import * as Registry from '../../governance/targets/registry.ts';
import type { Recommendation } from '../../tuner/recommendation.ts';
import { moved, parameters, ROOT, recommendation, state } from './book.ts';

const target = rehearsalTarget();
const book = state();
const advice = recommendation(book);

function proposal(): Proposal {
  const drafted = draft(advice, book, target, ROOT);
  if (drafted.kind !== 'proposal') throw new Error(drafted.says);
  return drafted;
}

function refusal(changed: Partial<Recommendation>, now?: string, root = ROOT): NoProposal {
  const drafted = draft({ ...advice, ...changed }, book, target, root, now);
  return NoProposal.parse(drafted);
}

function withField(
  asset: string,
  field: 'haircutBps' | 'liquidationThresholdBps' | 'marginMultiplierPpm',
  from: number,
  to: number,
): Partial<Recommendation> {
  return {
    assets: advice.assets.map((item) => (item.asset === asset ? { ...item, fields: { ...item.fields, [field]: moved(from, to) } } : item)),
  };
}

describe('draft', () => {
  it('is a valid, sealed proposal of exactly the advised values, the same each time', () => {
    const drafted = proposal();
    expect(Proposal.parse(drafted)).toEqual(drafted);
    expect(isSealed(drafted)).toBe(true);
    expect(proposal()).toEqual(drafted);
    expect(Registry.decode(drafted.calls[0]!.data).changes.map(({ asset, to }) => [asset, to.haircutBps, to.marginMultiplierPpm])).toEqual([
      ['WBTC', 2_650, 1_000_000],
      ['WETH', 2_100, 1_250_000],
    ]);
    expect(drafted.calls[0]!.says).toContain('WETH haircut 19.50 % → 21.00 %, margin multiplier 1.00× → 1.25×');
  });

  it('passes its own checks, and warns of what a reviewer must know', () => {
    const { checks } = proposal();
    expect(checks.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(checks.filter(({ verdict }) => verdict === 'warn').map(({ name }) => name)).toEqual(['chain', 'inputs']);
  });

  it('says no, as a value, where there is nothing to change', () => {
    const held = advice.assets.map((item) => ({
      ...item,
      verdict: 'hold' as const,
      fields: {
        haircutBps: moved(item.fields.haircutBps.from, item.fields.haircutBps.from),
        liquidationThresholdBps: item.fields.liquidationThresholdBps,
        marginMultiplierPpm: moved(item.fields.marginMultiplierPpm.from, item.fields.marginMultiplierPpm.from),
      },
    }));
    expect(refusal({ assets: held, verdict: 'hold' }).reason).toBe('nothing-to-change');
  });

  it('says no to advice for another state, or that starts from values the state does not hold', () => {
    expect(refusal({ from: { ...advice.from, state: ROOT } }).reason).toBe('state-moved');
    expect(refusal(withField('WETH', 'haircutBps', 1_900, 2_100)).reason).toBe('state-moved');
  });

  it('says no to stale advice, to the second', () => {
    expect(refusal({}, '2023-11-07T00:00:00.000Z').reason).toBe('expired');
    expect(refusal({}, '2023-11-06T23:59:59.000Z').reason).toBe('too-late-to-execute');
    expect(refusal({}, '2023-11-02T12:00:00.000Z').reason).toBe('too-late-to-execute');
    expect(draft(advice, book, target, ROOT, '2023-11-02T11:50:00.000Z').kind).toBe('proposal');
  });

  it('says no to an asset named twice or unknown', () => {
    expect(refusal({ assets: [...advice.assets, advice.assets[0]!] }).reason).toBe('duplicate');
    expect(refusal({ assets: [{ ...advice.assets[0]!, asset: 'DOGE' }] }).reason).toBe('unknown-asset');
  });

  it('says no to values the contract would revert on', () => {
    expect(refusal(withField('WETH', 'liquidationThresholdBps', 8_300, 9_600))).toMatchObject({ reason: 'out-of-bounds' });
    expect(refusal(withField('WETH', 'marginMultiplierPpm', 1_000_000, 20_000_001)).says).toContain('MultiplierOutOfBounds');
    expect(refusal(withField('WETH', 'haircutBps', 1_950, 1_600)).says).toContain('LtvAboveThreshold');
  });

  it('says no where the registry could not hold what the state holds today', () => {
    const broken = state({
      assets: book.assets.map((item) => (item.asset === 'CRV' ? { ...item, parameters: parameters(0, 9_900, 2_000) } : item)),
    });
    expect(draft(recommendation(broken), broken, target, ROOT)).toMatchObject({ kind: 'no-proposal', reason: 'state-out-of-bounds' });
  });

  it('warns of accounts that the change itself makes liquidatable', () => {
    const drafted = draft({ ...advice, ...withField('WETH', 'liquidationThresholdBps', 8_300, 8_200) }, book, target, ROOT);
    const check = (drafted as Proposal).checks.find(({ name }) => name === 'newly-liquidatable');
    expect(check).toEqual({
      name: 'newly-liquidatable',
      verdict: 'warn',
      says: 'At unchanged prices the change makes 1 accounts liquidatable, among them near.',
    });
  });

  it('moves what the advice moves and nothing else, whatever the advice', () => {
    const step = fc.integer({ min: -20, max: 20 }).map((steps) => steps * 25);
    fc.assert(
      fc.property(fc.tuple(step, step, step), ([haircut, threshold, multiplier]) => {
        const assets = advice.assets.map((item) => {
          const { haircutBps: h, liquidationThresholdBps: t, marginMultiplierPpm: m } = item.fields;
          if (item.asset !== 'USDC') return item;
          return {
            ...item,
            fields: {
              haircutBps: moved(h.from, h.from + haircut),
              liquidationThresholdBps: moved(t.from, t.from + threshold),
              marginMultiplierPpm: moved(m.from, m.from + multiplier * 1_000),
            },
          };
        });
        const drafted = draft({ ...advice, assets }, book, target, ROOT);
        if (drafted.kind !== 'proposal') {
          expect(drafted.reason).toBe('out-of-bounds');
          return;
        }
        const usdc = Registry.decode(drafted.calls[0]!.data).changes.find(({ asset }) => asset === 'USDC');
        const delta = (field: Registry.RegistryField) => (usdc === undefined ? 0 : usdc.to[field] - usdc.from[field]);
        expect([delta('haircutBps'), delta('liquidationThresholdBps'), delta('liquidationBonusBps'), delta('marginMultiplierPpm')]).toEqual(
          [haircut, threshold, 0, multiplier * 1_000],
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('checks', () => {
  const { calls, description } = proposal();
  const update = Registry.decode(calls[0]!.data);
  const subject = { recommendation: advice, state: book, target, update, calls, description };
  const verdicts = (changed: Partial<Checks.Subject>) =>
    Checks.all({ ...subject, ...changed })
      .filter(({ verdict }) => verdict === 'fail')
      .map(({ name }) => name);
  const replaced = (changed: Partial<Registry.Update>) => [{ ...calls[0]!, data: Registry.encode({ ...update, ...changed }) }];

  it('see call data that is not what was meant', () => {
    const [first, ...others] = update.changes as [Registry.Change, ...Registry.Change[]];
    const more = { ...first, to: { ...first.to, haircutBps: first.to.haircutBps - 25 } };
    expect(verdicts({ calls: replaced({ changes: [more, ...others] }) })).toEqual(['decoded-twice', 'only-what-was-advised']);
    expect(verdicts({ calls: replaced({ changes: others }) })).toEqual(['decoded-twice', 'only-what-was-advised']);
    expect(verdicts({ calls: replaced({ changes: [{ ...first, from: first.to }, ...others] }) })).toContain('accepted-by-the-rule');
  });

  it('see a stray target, ether, another evidence root, a missing suffix', () => {
    expect(verdicts({ calls: [{ ...calls[0]!, to: target.governor }] })).toEqual(['only-the-registry']);
    expect(verdicts({ calls: [{ ...calls[0]!, valueWei: '1' }] })).toEqual(['only-the-registry']);
    expect(verdicts({ calls: replaced({ evidenceRoot: book.id }) })).toEqual(['decoded-twice', 'evidence-root']);
    expect(verdicts({ description: `${description}.` })).toEqual(['proposer']);
  });

  it('see a target on another chain than the state', () => {
    expect(verdicts({ target: { ...target, rehearsal: false } })).toEqual(['chain']);
  });
});

describe('report', () => {
  it('is labelled, names root and expiry, and shows every changed value', () => {
    const { description } = proposal();
    for (const part of [
      '**SIMULATED**',
      '**REHEARSAL**',
      ROOT,
      advice.expiresAt,
      '| WETH | haircut | 19.50 % | 21.00 % |',
      '$2.40 m ± $120.00 k',
    ]) {
      expect(description).toContain(part);
    }
    const real = state({
      simulated: false,
      notes: ['collateral imputed'],
      waivers: [{ subject: 'MATIC', kind: 'not-in-panel', reason: 'small' }],
      setAside: [{ account: '0x1', rule: 'under water', debtUsd: 1, collateralUsd: 0 }],
    });
    const drafted = draft(recommendation(real), real, target, ROOT) as Proposal;
    expect(drafted.description).not.toContain('SIMULATED');
    for (const part of ['- collateral imputed', '- Waived: MATIC (not-in-panel): small', '- 1 accounts were set aside']) {
      expect(drafted.description).toContain(part);
    }
    const inputs = drafted.checks.find(({ name }) => name === 'inputs');
    expect(inputs).toMatchObject({
      verdict: 'warn',
      says: 'waived: MATIC (not-in-panel); 1 accounts set aside; 1 notes on how the book was made, in the text.',
    });
  });

  it('lets no text from data break out of its line', () => {
    const hostile = 'x | y\n\n# Approved\n[click](http://evil) <img src=x> \\| `code`';
    const assets = advice.assets.map((item) => ({ ...item, because: hostile }));
    const drafted = draft({ ...advice, assets }, book, target, ROOT) as Proposal;
    const lines = Report.render(drafted).split('\n');
    expect(lines.filter((text) => text.startsWith('# '))).toHaveLength(1);
    expect(drafted.description).toContain('x \\| y # Approved \\[click\\](http://evil) \\<img src=x\\> \\\\\\| \\`code\\`');
  });
});
