import fc from 'fast-check';
import { keccak256 as byViem } from 'viem';
import { describe, expect, it } from 'vitest';
import { keccak256, keccakOfText } from '../../governance/keccak.ts';

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const;

describe('keccak', () => {
  it('gives the published digests of nothing and of "abc", and not those of SHA3-256', () => {
    expect(keccak256('0x')).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
    expect(keccakOfText('abc')).toBe('0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45');
  });

  it('agrees with viem on any bytes, the edges of a block among them', () => {
    const edges = [0, 1, 135, 136, 137, 271, 272, 273];
    for (const length of edges) {
      const data = hex(Uint8Array.from({ length }, (_, index) => index * 37));
      expect(keccak256(data)).toBe(byViem(data));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }).map(hex), (data) => keccak256(data) === byViem(data)));
  });
});
