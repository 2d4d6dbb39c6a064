/** Every collateral row of the published Aave v3 Ethereum table (2023-10-31) passes the intrinsic checks. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as Limits from '../../tuner/limits.ts';

const TABLE = '../shared/data/aave_v3_ethereum_reserve_params_2023-10-31.json';
type Row = {
  readonly symbol: string;
  readonly ltvBps: number;
  readonly liquidationThresholdBps: number;
  readonly liquidationBonusBps: number;
};
const present = existsSync(TABLE);
if (!present) process.stderr.write(`not covered: intrinsic checks of every published Aave row, ${TABLE} is absent\n`);

describe.runIf(present)('published Aave rows', () => {
  const pool = present
    ? (JSON.parse(readFileSync(TABLE, 'utf8')) as { AaveV3Ethereum: { reserves: Row[]; eModes: Record<string, Record<string, number>> } })
        .AaveV3Ethereum
    : { reserves: [], eModes: {} };
  const collateral = pool.reserves.filter(({ liquidationThresholdBps }) => liquidationThresholdBps > 0);
  const parameters = (ltvBps: number, liquidationThresholdBps: number, stored: number) => ({
    haircutBps: 10_000 - ltvBps,
    liquidationThresholdBps,
    liquidationBonusBps: stored - 10_000,
    marginMultiplierPpm: 1_000_000,
    supplyCapTokens: null,
    borrowCapTokens: null,
  });

  test('there are enough of them', () => expect(collateral.length).toBeGreaterThan(15));

  test.each(collateral.map((row) => [row.symbol, row] as const))('%s', (_, row) => {
    const read = parameters(row.ltvBps, row.liquidationThresholdBps, row.liquidationBonusBps);
    expect(Limits.intrinsic(read)).toMatchObject({ exact: true, onChain: true });
    expect(Limits.checkJoint({ minGapBps: 0, bonusBufferBps: 0 }, read)).toEqual({ ok: true });
  });

  test.each(Object.values(pool.eModes))('eMode %#', (mode) => {
    const read = parameters(mode['ltv']!, mode['liquidationThreshold']!, mode['liquidationBonus']!);
    expect(Limits.intrinsic(read)).toMatchObject({ exact: true, onChain: true });
  });
});
