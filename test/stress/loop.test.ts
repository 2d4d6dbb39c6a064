import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import { randomCase } from './cases.ts';
import { twin } from './twin.ts';

const kernel = loadKernel();

const FIGURES = [
  'badDebtUsd',
  'liquidatedUsd',
  'penaltyUsd',
  'liquidatedAccounts',
  'needlessAccounts',
  'marginShortfallUsd',
  'deleveragedUsd',
] as const;
/** The twin finds the best size of a partial liquidation by golden section: flat at the top, so good to about √ε of the size. */
const SIZING = 1e-6;

describe('the kernel loop', () => {
  it('equals the plain loop on random books', () => {
    const seen = {
      badDebtUsd: 0,
      liquidatedUsd: 0,
      penaltyUsd: 0,
      liquidatedAccounts: 0,
      needlessAccounts: 0,
      marginShortfallUsd: 0,
      deleveragedUsd: 0,
    };
    fc.assert(
      fc.property(fc.nat(2_000_000_000), (seed) => {
        const { book, factors, steps, frozenSteps, haltedSteps } = randomCase(seed);
        const ours = kernel.stress(book, {
          count: 1,
          steps,
          columns: book.assets,
          factors: Float64Array.from(factors.flat()),
          frozenSteps,
          haltedSteps,
        });
        const plain = twin(book, factors, frozenSteps, haltedSteps);
        const scale = book.collateralTokens.reduce((sum, tokens, row) => sum + tokens * book.startPrice[book.collateralAsset[row]!]!, 1);
        for (const figure of FIGURES) {
          expect(Math.abs(ours[figure][0]! - plain[figure]), figure).toBeLessThanOrEqual(SIZING * (plain[figure] + 1e-3 * scale));
          if (plain[figure] > 0) seen[figure] += 1;
        }
        expect(Array.from(ours.accountHits, (hits) => hits > 0)).toEqual(plain.hits);
      }),
      { numRuns: 1_000 },
    );
    // The comparison means something only where things happen.
    for (const figure of FIGURES) expect(seen[figure], figure).toBeGreaterThan(40);
  }, 90_000);

  it('balances its books: what borrowers lose is what liquidators took', () => {
    fc.assert(
      fc.property(fc.nat(2_000_000_000), (seed) => {
        const { book, factors, steps, frozenSteps, haltedSteps } = randomCase(seed);
        const { last } = kernel.stress(book, {
          count: 1,
          steps,
          columns: book.assets,
          factors: Float64Array.from(factors.flat()),
          frozenSteps,
          haltedSteps,
        });
        for (let asset = 0; asset < book.assets; asset += 1) {
          const sum = (tokens: Float64Array, owner: Int32Array) =>
            tokens.reduce((all, amount, row) => all + (owner[row] === asset ? amount : 0), 0);
          const collateral = sum(book.collateralTokens, book.collateralAsset);
          const debt = sum(book.debtTokens, book.debtAsset);
          expect(Math.abs(sum(last.collateralLeft, book.collateralAsset) + last.seized[asset]! - collateral)).toBeLessThanOrEqual(
            1e-9 * collateral,
          );
          expect(Math.abs(sum(last.debtLeft, book.debtAsset) + last.repaid[asset]! - debt)).toBeLessThanOrEqual(1e-9 * debt);
        }
        expect(Math.min(...last.collateralLeft, ...last.debtLeft, 0)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('does the paths of a block each from a clean book', () => {
    const { book, factors, steps } = randomCase(99);
    const one = Float64Array.from(factors.flat());
    const still = one.map(() => 1);
    const run = (list: readonly Float64Array[]) =>
      kernel.stress(book, {
        count: list.length,
        steps,
        columns: book.assets,
        factors: Float64Array.from(list.flatMap((path) => [...path])),
        frozenSteps: 0,
      });
    const three = run([one, still, one]);
    expect(three.badDebtUsd[0]).toBe(three.badDebtUsd[2]);
    expect(three.liquidatedUsd[0]).toBe(run([one]).liquidatedUsd[0]);
    expect(three.badDebtUsd[1]).toBe(run([still]).badDebtUsd[0]);
  });
});
