import fc from 'fast-check';
import { decodeAbiParameters, encodeAbiParameters } from 'viem';
import { describe, expect, it } from 'vitest';
import * as Words from '../../governance/targets/words.ts';

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex);
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(hex);
const bytes = fc.uint8Array({ maxLength: 70 }).map(hex);
const text = fc.string({ unit: 'grapheme', maxLength: 50 });
const number = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n });

/** Everything a governor takes, and a list of tuples with a dynamic member. */
const SHAPES = [
  Words.list(Words.ADDRESS),
  Words.list(Words.uint(256)),
  Words.list(Words.BYTES),
  Words.STRING,
  Words.BYTES32,
  Words.list(Words.tuple(Words.uint(256), Words.STRING)),
];
const PARAMETERS = [
  { type: 'address[]' },
  { type: 'uint256[]' },
  { type: 'bytes[]' },
  { type: 'string' },
  { type: 'bytes32' },
  { type: 'tuple[]', components: [{ type: 'uint256' }, { type: 'string' }] },
] as const;
const values = fc.tuple(fc.array(address), fc.array(number), fc.array(bytes), text, bytes32, fc.array(fc.tuple(number, text)));

describe('words', () => {
  it('encodes what viem encodes and decodes what viem decodes', () => {
    fc.assert(
      fc.property(values, (given) => {
        const encoded = Words.encode(SHAPES, given);
        expect(encoded).toBe(
          encodeAbiParameters(PARAMETERS, given as unknown as Parameters<typeof encodeAbiParameters<typeof PARAMETERS>>[1]),
        );
        expect(Words.decode(SHAPES, encoded)).toEqual(given);
        expect(decodeAbiParameters(PARAMETERS, encoded)[3]).toBe(given[3]);
      }),
    );
  });

  it('refuses every other encoding of the same values', () => {
    const clean = Words.encode([Words.uint(16), Words.BYTES], [7n, '0xabcd']);
    const dirtyBits = clean.replace('0x00', '0xff') as Words.Hex;
    const dirtyPadding = `${clean.slice(0, -1)}1` as Words.Hex;
    const trailing = `${clean}${'0'.repeat(64)}` as Words.Hex;
    for (const data of [dirtyBits, dirtyPadding, trailing, clean.slice(0, -2) as Words.Hex, '0x' as Words.Hex]) {
      expect(() => Words.decode([Words.uint(16), Words.BYTES], data)).toThrow(Words.BadWordsError);
    }
  });

  it('refuses a bomb: many offsets into the same bytes', () => {
    const word = (value: number) => value.toString(16).padStart(64, '0');
    const bomb: Words.Hex = `0x${word(32)}${word(2)}${word(64)}${word(64)}${word(1)}${'ff'.padEnd(64, '0')}`;
    expect(() => Words.decode([Words.list(Words.BYTES)], bomb)).toThrow(Words.BadWordsError);
    const huge: Words.Hex = `0x${word(32)}${'f'.repeat(64)}`;
    expect(() => Words.decode([Words.list(Words.uint(256))], huge)).toThrow(Words.BadWordsError);
  });

  it('throws nothing but its own error on any words', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 320 }), (noise) => {
        try {
          const decoded = Words.decode(SHAPES, hex(noise));
          expect(Words.encode(SHAPES, decoded)).toBe(hex(noise));
        } catch (error) {
          expect(error).toBeInstanceOf(Words.BadWordsError);
        }
      }),
    );
  });
});
