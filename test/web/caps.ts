/** Invented caps for tests of the page: one that binds now, one inside its interval, one of a constant asset. */
import { Caps } from '../../tuner/caps.ts';

export function caps(): Caps {
  const level = (verdict: string, from: number | null, to: number | null, low: number | null, high: number | null, binding: string) => {
    return { verdict, reason: verdict === 'abstain' ? 'not-in-panel' : null, from, to, low, high, binding };
  };
  const none = level('abstain', null, null, null, null, 'constant in USD: selling it costs nothing here');
  const measured = { tailUsd: 730e3, tailStandardErrorUsd: 20e3, largestUsd: 460e3, takesTailUsd: 480e3, takesUsualUsd: 960e3 };
  return Caps.parse({
    level: 0.99,
    paths: 1024,
    stepSeconds: 3600,
    tailDepth: 0.5,
    assets: [
      {
        ...{ asset: 'AAVE', suppliedTokens: 17_432, borrowedTokens: 0, ...measured },
        supplyCapTokens: level('change', null, 10_000, 10_000, 24_000, 'depth'),
        borrowCapTokens: { ...none, reason: 'no-exposure' },
        liquidationBonusBps: level('hold', 750, 750, 625, 1025, 'cost-of-sale'),
      },
      {
        ...{ asset: 'WETH', suppliedTokens: 83_383, borrowedTokens: 48_129, ...measured },
        supplyCapTokens: level('hold', 100_000, 100_000, 72_000, 140_000, 'concentration'),
        borrowCapTokens: level('change', null, 42_000, 42_000, 84_000, 'concentration'),
        liquidationBonusBps: level('hold', 500, 500, 350, 425, 'bad-debt: more of it with these bonuses, by the engine'),
      },
      {
        ...{
          asset: 'USDC',
          suppliedTokens: 151_686_519,
          borrowedTokens: 242_272_429,
          ...measured,
          takesTailUsd: null,
          takesUsualUsd: null,
        },
        supplyCapTokens: none,
        borrowCapTokens: none,
        liquidationBonusBps: { ...none, from: 450, to: 450 },
      },
    ],
    bonuses: { changeUsd: 31_234, standardErrorUsd: 44_086, penaltyChangeUsd: -37_917 },
  });
}
