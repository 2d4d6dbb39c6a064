/**
 * The book under the parameters of a candidate.
 *
 * Borrowers: today's book is taken as in equilibrium with today's parameters. `standing` keeps every debt and position;
 * `responsive` keeps each account's utilisation of its borrowing power (debt × Σ collateral·price·LTV new / old) and of
 * its margin (size × old / new requirement), so that haircuts and multipliers reach the losses.
 */
import { BPS_ONE, fromBps, fromPpm } from '../../base/units.ts';
import type { ParametersByAsset, RiskParameters } from '../../datasets/state.ts';
import type { BookInput } from '../../kernel/job.ts';
import { type Book, MissingParametersError, NO_OVERRIDE } from './book.ts';

/** The book under the given parameters: thresholds, bonuses, margins, and debts and sizes by the borrower rule. */
export function apply(book: Book, parameters: ParametersByAsset): BookInput {
  const { input } = book;
  const tested = book.assets.map((asset) => {
    const found = parameters[asset];
    if (found === undefined)
      throw new MissingParametersError({ got: 'none', needed: 'parameters for every asset of the book', where: asset });
    return found;
  });
  const rowValue = (override: Float64Array, read: (asset: RiskParameters) => number, source: readonly RiskParameters[]) =>
    override.map((value, row) => (value === NO_OVERRIDE ? read(source[input.collateralAsset[row]!]!) : value));
  const ltv = ({ haircutBps }: RiskParameters) => fromBps(BPS_ONE - haircutBps);

  const collateralThreshold = rowValue(book.eModeThreshold, ({ liquidationThresholdBps }) => fromBps(liquidationThresholdBps), tested);
  const collateralBonus = rowValue(book.eModeBonus, ({ liquidationBonusBps }) => fromBps(liquidationBonusBps), tested);
  const ltvNow = rowValue(book.eModeLtv, ltv, book.inForce);
  const ltvTested = rowValue(book.eModeLtv, ltv, tested);

  const debtTokens = input.debtTokens.slice();
  for (let account = 0; account < input.lenders; account += 1) {
    let [powerNow, powerTested] = [0, 0];
    for (let row = input.collateralStart[account]!; row < input.collateralStart[account + 1]!; row += 1) {
      const usd = input.collateralTokens[row]! * input.startPrice[input.collateralAsset[row]!]!;
      powerNow += usd * ltvNow[row]!;
      powerTested += usd * ltvTested[row]!;
    }
    const scale = book.borrowers === 'responsive' && powerNow > 0 ? powerTested / powerNow : 1;
    for (let row = input.debtStart[account]!; row < input.debtStart[account + 1]!; row += 1) {
      debtTokens[row] = input.debtTokens[row]! * scale;
    }
  }
  return { ...input, collateralThreshold, collateralBonus, debtTokens, ...applyMargin(book, tested) };
}

/** Debt and health factor of each lender at start prices; without debt health is Infinity. */
export function healths(input: BookInput): { debtUsd: number; health: number }[] {
  return Array.from({ length: input.lenders }, (_, account) => {
    let [weighted, debtUsd] = [0, 0];
    for (let row = input.collateralStart[account]!; row < input.collateralStart[account + 1]!; row += 1) {
      weighted += input.collateralTokens[row]! * input.startPrice[input.collateralAsset[row]!]! * input.collateralThreshold[row]!;
    }
    for (let row = input.debtStart[account]!; row < input.debtStart[account + 1]!; row += 1) {
      debtUsd += input.debtTokens[row]! * input.startPrice[input.debtAsset[row]!]!;
    }
    return { debtUsd, health: debtUsd > 0 ? weighted / debtUsd : Number.POSITIVE_INFINITY };
  });
}

/** Equity and maintenance requirement of each trader at start prices. */
export function margins(input: BookInput): { equityUsd: number; requiredUsd: number; grossUsd: number }[] {
  return Array.from(input.startEquity, (equityUsd, trader) => {
    const { gross, together, contingency } = exposure(input, trader, input.marginShock, input.marginContingency);
    return { equityUsd, requiredUsd: Math.abs(together) + contingency, grossUsd: gross };
  });
}

function applyMargin(book: Book, tested: readonly RiskParameters[]) {
  const { input } = book;
  const scaled = (source: readonly RiskParameters[], read: (index: number) => number) =>
    Float64Array.from(source, ({ marginMultiplierPpm }, index) => fromPpm(marginMultiplierPpm) * read(index));
  const marginShock = scaled(tested, (index) => book.shock[index]!);
  const marginContingency = scaled(tested, () => book.contingencyFraction);
  const shockNow = scaled(book.inForce, (index) => book.shock[index]!);
  const contingencyNow = scaled(book.inForce, () => book.contingencyFraction);

  const positionTokens = input.positionTokens.slice();
  for (let trader = 0; trader < input.traders; trader += 1) {
    const now = exposure(input, trader, shockNow, contingencyNow);
    const then = exposure(input, trader, marginShock, marginContingency);
    const required = Math.abs(then.together) + then.contingency;
    const scale = book.borrowers === 'responsive' && required > 0 ? (Math.abs(now.together) + now.contingency) / required : 1;
    for (let row = input.positionStart[trader]!; row < input.positionStart[trader + 1]!; row += 1) positionTokens[row]! *= scale;
  }
  return { marginShock, marginContingency, positionTokens };
}

function exposure(input: BookInput, trader: number, shock: Float64Array, contingencyRate: Float64Array) {
  let [gross, together, contingency] = [0, 0, 0];
  for (let row = input.positionStart[trader]!; row < input.positionStart[trader + 1]!; row += 1) {
    const asset = input.positionAsset[row]!;
    const notional = input.positionTokens[row]! * input.startPrice[asset]!;
    gross += Math.abs(notional);
    together += notional * shock[asset]!;
    contingency += Math.abs(notional) * contingencyRate[asset]!;
  }
  return { gross, together, contingency };
}
