import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Id } from '../../base/id.ts';
import * as Audit from '../../governance/audit.ts';

function chain(entries: readonly string[]): Audit.Linked<string>[] {
  const linked: Audit.Linked<string>[] = [];
  for (const entry of entries) linked.push(Audit.link(linked.at(-1)?.hash ?? null, entry));
  return linked;
}

describe('audit chain', () => {
  it('holds as written, empty included', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (entries) => {
        const linked = chain(entries);
        expect(Audit.verifyChain(linked)).toEqual({ ok: true, head: linked.at(-1)?.hash ?? null });
      }),
    );
  });

  it('breaks where an entry was changed, removed, added or swapped', () => {
    const five = chain(['a', 'b', 'c', 'd', 'e']);
    const broken = (linked: readonly Audit.Linked<string>[]) => {
      const verdict = Audit.verifyChain(linked);
      return verdict.ok ? null : verdict.brokenAt;
    };
    expect(broken(five.map((item, index) => (index === 2 ? { ...item, entry: 'C' } : item)))).toBe(2);
    expect(broken(five.filter((_, index) => index !== 2))).toBe(2);
    expect(broken(five.filter((_, index) => index !== 0))).toBe(0);
    expect(broken([five[1]!, five[0]!, ...five.slice(2)])).toBe(0);
    expect(broken([...five, Audit.link(five[3]!.hash, 'f')])).toBe(5);
  });

  it('shows a tail that was cut only to whoever noted the head', () => {
    const five = chain(['a', 'b', 'c', 'd', 'e']);
    const head = five[4]!.hash as Id;
    expect(Audit.verifyChain(five.slice(0, 4)).ok).toBe(true);
    expect(Audit.verifyChain(five.slice(0, 4), head)).toMatchObject({ ok: false, brokenAt: 4 });
    expect(Audit.verifyChain([...five, Audit.link(head, 'f')], head).ok).toBe(true);
  });
});
