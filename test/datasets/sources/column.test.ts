import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { column } from '../../../datasets/sources/column.ts';

test('gives back what was put in, over every size of block', () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.constantFrom(255, 256, 257, 65_535, 65_536, 131_072, 300_001)), (length) => {
      const grown = column();
      for (let i = 0; i < length; i += 1) grown.push(i / 3);
      expect(grown.finish()).toEqual(Float64Array.from({ length }, (_, i) => i / 3));
    }),
    { numRuns: 30 },
  );
});
