import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, digest, Id, isSealed, seal, toHex } from '../../base/id.ts';

describe('canonicalJson', () => {
  it('prints the example of RFC 8785 §3.2.3 with its keys in UTF-16 order', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalJson(value)) as Record<string, string>)).toHaveLength(7);
    const order = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1]);
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('prints numbers as RFC 8785 appendix B does', () => {
    expect(
      canonicalJson([
        -0, 5e-324, -5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000, 1e21, 0.000001, 1e-7, 333333333.3333332,
      ]),
    ).toBe('[0,5e-324,-5e-324,1.7976931348623157e+308,9007199254740992,295147905179352830000,1e+21,0.000001,1e-7,333333333.3333332]');
  });

  it('does not depend on the order in which keys were written, and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
    );
  });

  it.each([
    ['NaN', { a: [Number.NaN] }, '$.a[0]'],
    ['an infinity', { a: Number.POSITIVE_INFINITY }, '$.a'],
    ['a bigint', [1n], '$[0]'],
    ['a date', { at: new Date(0) }, '$.at'],
    ['a typed array', { xs: new Float64Array(1) }, '$.xs'],
    ['undefined in a list', [undefined], '$[0]'],
    ['a lone surrogate', { s: '\ud800' }, '$.s'],
  ])('refuses %s and says where', (_, value, place) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ name: 'Id.NotCanonicalError', facts: expect.objectContaining({ where: place }) }),
    );
  });
});

describe('seal', () => {
  it('names an artifact by the SHA-256 of the rest of it', () => {
    const sealed = seal({ b: 2, a: 1 });
    expect(sealed.id).toBe(digest('{"a":1,"b":2}'));
    expect(digest('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(sealed.id)).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it('is said to whoever gives another', () => {
    expect(Id.safeParse(`sha256:${'0a'.repeat(32)}`).success).toBe(true);
    expect(Id.safeParse('sha256:00').error?.issues[0]?.message).toMatch(/64 hexadecimal digits/);
  });

  it('notices any change', () => {
    const sealed = seal({ a: 1, list: [1, 2] });
    expect(isSealed(sealed)).toBe(true);
    const turned = { ...sealed, list: [2, 1] };
    const grown = { ...sealed, extra: null };
    expect(isSealed(turned)).toBe(false);
    expect(isSealed(grown)).toBe(false);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, reversed(field)]),
  );
}
