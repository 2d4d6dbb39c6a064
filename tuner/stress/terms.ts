/**
 * The book under the parameters of a candidate.
 *
 * Borrowers: today's book is taken as in equilibrium with today's parameters. `standing` keeps every debt and position;
 * `responsive` keeps each account's utilisation of its borrowing power (debt × Σ collateral·price·LTV new / old) and of
 * its margin (sizes × old / new requirement; coins given as collateral stay), so that haircuts and multipliers reach the losses.
 */
import { BPS_ONE, fromBps, fromPpm } from '../../base/units.ts';
import type { ParametersByAsset, RiskParameters } from '../../datasets/state.ts';
import { type BookInput, POSITION } from '../../kernel/job.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { type Book, MissingParametersError, NO_OVERRIDE } from './book.ts';
import * as Rule from './rules/rule.ts';

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
  const listedBonus = rowValue(book.eModeBonus, ({ liquidationBonusBps }) => fromBps(liquidationBonusBps), tested);
  const collateralBonus = listedBonus.map((bonus, row) => Rule.bonusOf(book.rules[book.rowRule[row]!]!, collateralThreshold[row]!, bonus));
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

/** Equity, collateral after haircuts, and maintenance requirement of each trader at start prices. */
export function margins(input: BookInput): { equityUsd: number; requiredUsd: number; grossUsd: number }[] {
  const { equityUsd, requiredUsd } = loadKernel().standing(input);
  return Array.from(equityUsd, (equity, trader) => ({
    equityUsd: equity,
    requiredUsd: requiredUsd[trader]!,
    grossUsd: grossUsd(input, trader),
  }));
}

function applyMargin(book: Book, tested: readonly RiskParameters[]): Partial<BookInput> {
  const now = withMargin(book.input, book.inForce);
  const then = withMargin(book.input, tested);
  if (book.borrowers === 'standing' || book.input.traders === 0) return then;
  const kernel = loadKernel();
  const before = kernel.standing({ ...book.input, ...now }).requiredUsd;
  const after = kernel.standing({ ...book.input, ...then }).requiredUsd;
  const { positionStart, positionKind, optionStart } = book.input;
  const positionTokens = book.input.positionTokens.slice();
  const optionTokens = book.input.optionTokens.slice();
  for (let trader = 0; trader < book.input.traders; trader += 1) {
    const scale = after[trader]! > 0 ? before[trader]! / after[trader]! : 1;
    for (let row = positionStart[trader]!; row < positionStart[trader + 1]!; row += 1) {
      if (positionKind[row] !== POSITION.collateral) positionTokens[row]! *= scale;
    }
    for (let row = optionStart[trader]!; row < optionStart[trader + 1]!; row += 1) optionTokens[row]! *= scale;
  }
  return { ...then, positionTokens, optionTokens };
}

/** Shocks and contingencies times the multiplier, collateral after the haircut. */
function withMargin(input: BookInput, parameters: readonly RiskParameters[]) {
  const scaled = (base: Float64Array) => base.map((value, index) => value * fromPpm(parameters[index]!.marginMultiplierPpm));
  return {
    marginShock: scaled(input.marginShock),
    marginContingency: scaled(input.marginContingency),
    optionContingency: scaled(input.optionContingency),
    positionCredit: Float64Array.from(input.positionAsset, (asset) => fromBps(BPS_ONE - parameters[asset]!.haircutBps)),
  };
}

/** USD of perpetuals, and of options by their underlying. */
function grossUsd(input: BookInput, trader: number): number {
  let gross = 0;
  for (let row = input.positionStart[trader]!; row < input.positionStart[trader + 1]!; row += 1) {
    if (input.positionKind[row] !== POSITION.collateral)
      gross += Math.abs(input.positionTokens[row]!) * input.startPrice[input.positionAsset[row]!]!;
  }
  for (let row = input.optionStart[trader]!; row < input.optionStart[trader + 1]!; row += 1) {
    gross += Math.abs(input.optionTokens[row]!) * input.startPrice[input.series.asset[input.optionSeries[row]!]!]!;
  }
  return gross;
}
