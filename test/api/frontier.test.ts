/** Frontier, caps and challenge for people: tables, and a picture that says the same. */
import { describe, expect, it } from 'vitest';
import * as CapsCommand from '../../api/cli/caps.ts';
import { render as challenged } from '../../api/cli/challenge.ts';
import { render } from '../../api/cli/frontier.ts';
import { svg } from '../../api/cli/frontier-plot.ts';
import { caps } from '../web/caps.ts';
import { advice } from '../web/drafts.ts';
import { frontier } from '../web/frontier.ts';

describe('plimsoll frontier', () => {
  it('tables every plan with the error of its difference, and says what is out of reach', () => {
    const text = render(frontier());
    expect(text.split('\n').filter((line) => /^ (today|recommended|plan \d)/.test(line))).toHaveLength(9);
    expect(text).toContain('−$118.00 k ± $54.28 k');
    expect(text).toContain('A plan has $669.00 m of power with no more shortfall than today: $10.00 m more.');
    expect(text).toContain('No plan has more power than recommended without more shortfall.');
    expect(text).toContain('1536 paths that had no part in choosing them');
  });

  it('draws a picture with a title, a dot a plan, and no address of anywhere', () => {
    const picture = svg({ ...frontier(), says: 'a < b & c' });
    expect(picture).toMatch(/<title>Borrowing power against expected shortfall of bad debt at 99 %.* a &lt; b &amp; c<\/title>/);
    expect(picture.match(/<circle /g)).toHaveLength(7);
    expect(picture.match(/<rect x=/g)).toHaveLength(2);
    expect(picture).not.toMatch(/NaN|Infinity|undefined/);
    expect(picture.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:/);
    const flat = frontier();
    const none = svg({ ...flat, points: [], today: { ...flat.today, expectedShortfallUsd: 0 }, recommended: flat.today, budgetUsd: 0 });
    expect(none).not.toMatch(/NaN|Infinity/);
  });
});

describe('plimsoll caps', () => {
  it('tables caps and bonuses with intervals and constraints', () => {
    const text = CapsCommand.render(caps());
    expect(text).toContain('none → 10,000 [10,000 to 24,000] depth');
    expect(text).toContain('5.00 % holds [3.50 % to 4.25 %] bad-debt');
    expect(text).toContain('none (not-in-panel)');
    expect(text).toContain('+$31.23 k ± $44.09 k, borrowers’ penalties −$37.92 k'.replace('’', "'"));
    expect(text).not.toContain('Nobody with debt');
  });
});

describe('plimsoll challenge', () => {
  it('tables the values that law and history advise differently, and both losses', () => {
    const byLaw = advice();
    const [first] = byLaw.assets;
    const haircutBps = { ...first!.fields.haircutBps, to: 1_900, binding: 'max-loosen' };
    const assets = byLaw.assets.map((one) => (one === first ? { ...one, fields: { ...one.fields, haircutBps } } : one));
    const text = challenged(byLaw, { ...byLaw, assets });
    expect(text).toMatch(/WETH +haircutBps +1950 +2100 +1900 +max-loosen/);
    expect(text.match(/haircutBps/g)).toHaveLength(1);
    expect(text).toMatch(/by history +\$3\.91 m/);
    expect(challenged(byLaw, byLaw)).toContain('Law and history advise the same values.');
  });
});
