/**
 * Aave: three published tables (users, debt rows, reserve parameters) → ProtocolState. Texts in, value out.
 *
 * Parameters, prices and caps are those of the debt rows (2025-12-01), the date of the accounts; the older reserve file (2023-10-31)
 * gives addresses, decimals and the bonus of eMode 1. Assets that no debt row prices are not candidates for collateral: their prices
 * would be two years old.
 *
 * Rules, in this order; each account set aside is listed with its amounts:
 * 1. collateral below debt: set aside (bad debt already there, or collateral the table does not see).
 * 2. no debt row: set aside; the rows' file was cut at 1,000 rows.
 * 3. health below 1: the tables do not apply eMode. Where the eMode threshold of its debt's family cures it, the account is in
 *    that eMode; else set aside.
 * 4. debt by asset: the rows scaled to the user's total, which the health factor belongs to (127 totals differ by over 1 %).
 * 5. collateral by asset: imputed, see `imputation.ts`.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import { digest, seal } from '../../base/id.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { EMode, LendingAccount, ProtocolState } from '../state.ts';
import * as Assets from './aave-assets.ts';
import * as Cells from './cells.ts';
import * as Imputation from './imputation.ts';

export type Tables = { readonly usersCsv: string; readonly positionsCsv: string; readonly reservesJson: string };
export type ImportOptions = { readonly seed: number; readonly imputation: Imputation.Rule; readonly asOf?: string };

/** The day of the tables, from their names. */
const AS_OF = '2025-12-01T00:00:00.000Z';

export function importAave(tables: Tables, options: ImportOptions): ProtocolState {
  const rows = debtRows(tables.positionsCsv);
  const reserves = Assets.reservesOf(tables.reservesJson);
  const assets = Assets.assetStates(new Map(rows.map(({ asset, terms }) => [asset, terms])), reserves);
  const eModes = Assets.eModesOf(assets, reserves.ethBonusBps);
  const candidates = assets.filter(({ parameters }) => parameters.liquidationThresholdBps > 0).map(Assets.candidateOf);
  const sorted = sortAccounts(usersOf(tables.usersCsv), rows, eModes);
  const mix = Imputation.mixOf(candidates, sorted.kept);
  const kernel = loadKernel();
  let worst = 0;
  let missing = 0;
  const lending = sorted.kept.map((kept): LendingAccount => {
    const within = eModes.find(({ category }) => category === kept.eMode)?.assets ?? [];
    const account = {
      index: kept.index,
      threshold: kept.threshold,
      debtAssets: kept.debt.map(({ asset }) => asset),
      debtFamily: kept.family,
      within,
    };
    const { weights, missed } = Imputation.impute(kernel, options.imputation, options.seed, account, candidates, mix);
    if (Math.abs(missed) > Imputation.TOLERANCE) missing += 1;
    if (Math.abs(missed) > Math.abs(worst)) worst = missed;
    const tokens = ({ asset, usd }: { asset: string; usd: number }) => ({
      asset,
      amountTokens: usd / assets.find((one) => one.asset === asset)!.priceUsd,
    });
    return {
      account: kept.user,
      eMode: kept.eMode,
      collateral: weights.map(({ asset, weight }) => tokens({ asset, usd: weight * kept.collateralUsd })).sort(byAsset),
      debt: kept.debt.map(tokens).sort(byAsset),
    };
  });
  return seal({
    kind: 'protocol-state' as const,
    from: { importedFrom: [digest(tables.usersCsv), digest(tables.positionsCsv), digest(tables.reservesJson)] },
    protocol: 'Aave v3 Ethereum',
    chainId: 1,
    block: '0',
    asOf: options.asOf ?? AS_OF,
    simulated: false,
    assets,
    eModes,
    lending,
    derivatives: [],
    marginRule: null,
    closeFactorBps: 5000,
    fullCloseHealth: 0.95,
    insuranceFundUsd: 0,
    setAside: sorted.setAside,
    waivers: [],
    notes: [
      `Collateral imputed by the rule "${options.imputation}", seed ${options.seed}: the tables give totals only. Mean thresholds missed by more than ${Imputation.TOLERANCE} in ${missing} of ${lending.length} accounts, by ${worst.toFixed(4)} at most.`,
      `Collateral mix measured on the book: ${[...mix]
        .filter(([, share]) => share >= 0.01)
        .map(([asset, share]) => `${asset} ${(100 * share).toFixed(1)} %`)
        .join(', ')}.`,
      sorted.says,
      'Parameters, prices and caps of 2025-12-01 from the debt rows; the block is not known (0). eMode 1: thresholds as voted on 2024-01-21; eMode 2: assumed.',
      'Feeds, recovery of depth and the depth of stablecoins are declared assumptions; depth of coins: venue volume and 1inch quotes, see each asset.',
    ],
  });
}

type DebtRow = { readonly user: string; readonly asset: string; readonly usd: number; readonly terms: Assets.Terms };
function debtRows(csv: string): DebtRow[] {
  const columns = [
    'user',
    'symbol',
    'side',
    'amount_usd',
    'price_usd',
    'liquidation_threshold',
    'base_ltv',
    'liquidation_bonus',
    'borrow_cap',
    'supply_cap',
  ] as const;
  const seen = new Map<string, { terms: string; line: number }>();
  return Cells.table(csv, 'positions', columns).map((row) => {
    const where = `positions, line ${row.line}`;
    if (row.text('side') !== 'debt')
      throw new NotDebtError({ got: quote(row.text('side')), needed: '"debt"', where: `${where}, column "side"` });
    const asset = row.text('symbol');
    const terms: Assets.Terms = {
      priceUsd: row.number('price_usd'),
      ltvBps: Assets.toBps(row.number('base_ltv')),
      thresholdBps: Assets.toBps(row.number('liquidation_threshold')),
      bonusBps: Assets.bonusBps(row.number('liquidation_bonus'), where),
      supplyCap: Assets.capOf(row.number('supply_cap')),
      borrowCap: Assets.capOf(row.number('borrow_cap')),
    };
    if (terms.priceUsd === 0) throw new NoPriceError({ got: '0', needed: 'a price above 0', where: `${where}, column "price_usd"` });
    const before = seen.get(asset);
    if (before !== undefined && before.terms !== JSON.stringify(terms)) {
      throw new ContradictionError({
        got: `other terms of ${asset} than on line ${before.line}`,
        needed: 'one price and one set of terms an asset',
        where,
      });
    }
    seen.set(asset, { terms: JSON.stringify(terms), line: row.line });
    return { user: row.text('user'), asset, usd: row.number('amount_usd'), terms };
  });
}

type User = {
  readonly user: string;
  readonly index: number;
  readonly debtUsd: number;
  readonly collateralUsd: number;
  readonly health: number;
};

function usersOf(csv: string): User[] {
  return Cells.table(csv, 'users', ['user', 'total_debt_usd', 'total_collateral_usd', 'health_factor'] as const).map((row, index) => ({
    user: row.text('user'),
    index,
    debtUsd: row.number('total_debt_usd'),
    collateralUsd: row.number('total_collateral_usd'),
    health: row.number('health_factor'),
  }));
}

type Kept = {
  readonly user: string;
  readonly index: number;
  readonly eMode: number;
  readonly family: Imputation.Family;
  readonly threshold: number;
  readonly collateralUsd: number;
  readonly debt: readonly { readonly asset: string; readonly usd: number }[];
};

function sortAccounts(
  users: readonly User[],
  rows: readonly DebtRow[],
  eModes: readonly EMode[],
): { kept: Kept[]; setAside: ProtocolState['setAside'][number][]; says: string } {
  const rowsOf = new Map<string, DebtRow[]>();
  for (const row of rows) rowsOf.set(row.user, [...(rowsOf.get(row.user) ?? []), row]);
  const kept: Kept[] = [];
  const setAside: ProtocolState['setAside'][number][] = [];
  const count = { under: users.filter(({ health }) => health < 1).length, below: 0, none: 0, rowless: 0, cured: 0, uncured: 0, scaled: 0 };
  for (const { user, index, debtUsd, collateralUsd, health } of users) {
    const put = (rule: string): number => setAside.push({ account: user, rule, debtUsd, collateralUsd });
    const own = rowsOf.get(user) ?? [];
    const listed = own.reduce((sum, { usd }) => sum + usd, 0);
    if (collateralUsd < debtUsd || collateralUsd === 0) {
      count.below += 1;
      if (collateralUsd === 0) count.none += 1;
      put('collateral below debt');
      continue;
    }
    if (listed === 0) {
      count.rowless += 1;
      put('no debt row');
      continue;
    }
    const family = familyOf(own);
    const eMode = health >= 1 ? undefined : eModes.find((mode) => mode.category === (family === 'USD' ? 2 : family === 'ETH' ? 1 : 0));
    if (health < 1 && (eMode === undefined || (eMode.liquidationThresholdBps * collateralUsd) / debtUsd < 10_000)) {
      count.uncured += 1;
      put('health below 1, not cured by eMode');
      continue;
    }
    if (eMode !== undefined) count.cured += 1;
    if (Math.abs(listed / debtUsd - 1) > 0.01) count.scaled += 1;
    const debt = own.map(({ asset, usd }) => ({ asset, usd: (usd * debtUsd) / listed }));
    kept.push({ user, index, eMode: eMode?.category ?? 0, family, threshold: (health * debtUsd) / collateralUsd, collateralUsd, debt });
  }
  const byAccount = (a: string, b: string): number => (a < b ? -1 : 1);
  kept.sort((a, b) => byAccount(a.user, b.user));
  setAside.sort((a, b) => byAccount(a.account, b.account));
  const says = `Of ${users.length} users ${kept.length} are kept. ${count.under} read below health 1: eMode cures ${count.cured} of those with debt rows. Set aside: ${count.below} with less collateral than debt (${count.none} hold none), ${count.rowless} without a debt row, ${count.uncured} not cured. Debt rows of ${count.scaled} accounts scaled by more than 1 % to the users' totals.`;
  return { kept, setAside, says };
}

/** Family of the larger part of the debt. */
function familyOf(rows: readonly DebtRow[]): Imputation.Family {
  const usd = new Map<Imputation.Family, number>();
  for (const row of rows) {
    const family = Assets.familyOf(row.asset);
    usd.set(family, (usd.get(family) ?? 0) + row.usd);
  }
  return [...usd].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function byAsset(a: { readonly asset: string }, b: { readonly asset: string }): number {
  return a.asset < b.asset ? -1 : 1;
}

export class NotDebtError extends PlimsollError {
  override readonly name = 'Aave.NotDebtError';
}

export class ContradictionError extends PlimsollError {
  override readonly name = 'Aave.ContradictionError';
}

export class NoPriceError extends PlimsollError {
  override readonly name = 'Aave.NoPriceError';
}
