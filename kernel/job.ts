/** A book and its market as flat arrays, their way into the module's memory (assembly/job.ts, same order) and back. */
import type { Arena } from './memory.ts';

/** Rows of account n are [start[n], start[n + 1]). Prices, thresholds and bonuses are plain numbers, not bps. */
export type BookInput = {
  readonly assets: number;
  readonly lenders: number;
  readonly traders: number;
  readonly startPrice: Float64Array;
  /** Column of the price multiples, −1 = constant in USD. */
  readonly pathAsset: Int32Array;
  /** Whose flow this asset's trades join, by the pool's first asset. Members share volume, impact and decay. */
  readonly pool: Int32Array;
  readonly volumeUsd: Float64Array;
  /** Two impacts, see assembly/impact.ts: of the venue, and of the whole market. Scale = Y · σ_day. */
  readonly impactScale: Float64Array;
  readonly impactDelta: Float64Array;
  /** Share of a flow left after one step; share of a sale spread over a step that is outstanding at its end. */
  readonly impactDecay: Float64Array;
  readonly impactSpread: Float64Array;
  readonly lastingScale: Float64Array;
  readonly lastingDelta: Float64Array;
  readonly lastingDecay: Float64Array;
  readonly lastingSpread: Float64Array;
  readonly deviation: Float64Array;
  readonly heartbeatSeconds: Float64Array;
  readonly latencySteps: Float64Array;
  readonly collateralStart: Int32Array;
  readonly collateralAsset: Int32Array;
  readonly collateralTokens: Float64Array;
  readonly collateralThreshold: Float64Array;
  readonly collateralBonus: Float64Array;
  readonly debtStart: Int32Array;
  readonly debtAsset: Int32Array;
  readonly debtTokens: Float64Array;
  /** By lender, whose rule of liquidation. */
  readonly lenderRule: Int32Array;
  readonly rules: {
    /** `LIQUIDATION`. */
    readonly kind: Int32Array;
    /** Share of the whole debt that one call may repay; all of it below this health, or where either side is smaller than this. */
    readonly closeFactor: Float64Array;
    readonly fullCloseHealth: Float64Array;
    readonly smallPositionUsd: Float64Array;
    /** A call that clears neither side must leave as much on both. */
    readonly leftoverUsd: Float64Array;
    /** Share of the bonus the protocol keeps. */
    readonly bonusFee: Float64Array;
  };
  /** Liquidators. `tied`: share of the inventory in use that is still tied up a step later. */
  readonly agents: {
    readonly gasUsd: Float64Array;
    readonly capitalCost: Float64Array;
    readonly thresholdUsd: Float64Array;
    readonly inventoryUsd: Float64Array;
    readonly tied: Float64Array;
  };
  readonly positionStart: Int32Array;
  readonly positionAsset: Int32Array;
  /** Size of a perpetual, or coins of collateral. Inverse contracts: USD of contracts over the start price. */
  readonly positionTokens: Float64Array;
  /** `POSITION`. */
  readonly positionKind: Int32Array;
  /** Of collateral: the share that counts, 1 − haircut. */
  readonly positionCredit: Float64Array;
  readonly startEquity: Float64Array;
  /** By asset, shock × multiplier; contingencies × multiplier, of perpetuals' notional and of options sold. */
  readonly marginShock: Float64Array;
  readonly marginContingency: Float64Array;
  readonly optionContingency: Float64Array;
  /** By asset: share of the notional that longs pay a step. */
  readonly fundingRate: Float64Array;
  /** By asset: how far the grid moves volatilities, as a share of them. */
  readonly volatilityRange: Float64Array;
  readonly optionStart: Int32Array;
  readonly optionSeries: Int32Array;
  readonly optionTokens: Float64Array;
  /** The distinct option contracts; years from the start, σ a year, 1 a call and −1 a put. */
  readonly series: {
    readonly asset: Int32Array;
    readonly strike: Float64Array;
    readonly years: Float64Array;
    readonly volatility: Float64Array;
    readonly side: Float64Array;
  };
  /** The venue's grid, in units of shock and range; weight is the share of the profit that counts. */
  readonly grid: { readonly price: Float64Array; readonly volatility: Float64Array; readonly weight: Float64Array };
  readonly stepSeconds: number;
  readonly auctionDiscount: number;
  /** Closing an option costs this share of its value and this share of the underlying's price. */
  readonly optionSpread: number;
  readonly optionTick: number;
  /** −∂ ln σ / ∂ ln price. */
  readonly volatilityBeta: number;
  readonly insuranceFundUsd: number;
};

/** A liquidator repays and takes collateral; or the protocol takes the whole account and sells what it took. */
export const LIQUIDATION = { repay: 0, absorb: 1 } as const;
export const POSITION = { linear: 0, inverse: 1, collateral: 2 } as const;

/** Price multiples of today, [path][step][column]. */
export type Paths = {
  readonly count: number;
  readonly steps: number;
  readonly columns: number;
  readonly factors: Float64Array;
  /** What each path counts in the sums by account; 1 where not given. */
  readonly weights?: Float64Array;
  /** Oracles keep their first price for this many steps. */
  readonly frozenSteps: number;
  /** Nobody can liquidate in so many first steps; 0 where not given. */
  readonly haltedSteps?: number;
};

/** By path of the block; `account…` by account (lenders, then traders), weighted and summed over the block's paths in order. */
export type BlockResult = {
  readonly badDebtUsd: Float64Array;
  readonly liquidatedUsd: Float64Array;
  readonly penaltyUsd: Float64Array;
  readonly liquidatedAccounts: Float64Array;
  readonly needlessAccounts: Float64Array;
  readonly marginShortfallUsd: Float64Array;
  readonly deleveragedUsd: Float64Array;
  readonly accountHits: Float64Array;
  readonly accountLossUsd: Float64Array;
  /** How the last path ended: what is left, taken and repaid, in tokens. The books must balance. */
  readonly last: {
    readonly collateralLeft: Float64Array;
    readonly debtLeft: Float64Array;
    readonly seized: Float64Array;
    readonly repaid: Float64Array;
  };
};

export type Placed = { readonly job: number; readonly factors: number; readonly weights: number; readonly read: () => BlockResult };

export function place(arena: Arena, book: BookInput, paths: Paths): Placed {
  const { assets, lenders, traders } = book;
  const accounts = lenders + traders;
  const doubles = (length: number) => arena.zeros(8 * length);

  const market = [
    arena.place(book.startPrice),
    arena.place(book.pathAsset),
    arena.place(book.pool),
    arena.place(book.volumeUsd),
    arena.place(book.impactScale),
    arena.place(book.impactDelta),
    arena.place(book.impactDecay),
    arena.place(book.impactSpread),
    arena.place(book.lastingScale),
    arena.place(book.lastingDelta),
    arena.place(book.lastingDecay),
    arena.place(book.lastingSpread),
    arena.place(book.deviation),
    arena.place(book.heartbeatSeconds),
    arena.place(book.latencySteps),
  ];
  const lending = [
    arena.place(book.collateralStart),
    arena.place(book.collateralAsset),
    arena.place(book.collateralTokens),
    arena.place(book.collateralThreshold),
    arena.place(book.collateralBonus),
    arena.place(book.debtStart),
    arena.place(book.debtAsset),
    arena.place(book.debtTokens),
    arena.place(book.lenderRule),
    arena.place(book.rules.kind),
    arena.place(book.rules.closeFactor),
    arena.place(book.rules.fullCloseHealth),
    arena.place(book.rules.smallPositionUsd),
    arena.place(book.rules.leftoverUsd),
    arena.place(book.rules.bonusFee),
    arena.place(book.agents.gasUsd),
    arena.place(book.agents.capitalCost),
    arena.place(book.agents.thresholdUsd),
    arena.place(book.agents.inventoryUsd),
    arena.place(book.agents.tied),
  ];
  const margin = [
    arena.place(book.positionStart),
    arena.place(book.positionAsset),
    arena.place(book.positionTokens),
    arena.place(book.positionKind),
    arena.place(book.positionCredit),
    arena.place(book.startEquity),
    arena.place(book.marginShock),
    arena.place(book.marginContingency),
    arena.place(book.optionContingency),
    arena.place(book.fundingRate),
    arena.place(book.volatilityRange),
    arena.place(book.optionStart),
    arena.place(book.optionSeries),
    arena.place(book.optionTokens),
    arena.place(book.series.asset),
    arena.place(book.series.strike),
    arena.place(book.series.years),
    arena.place(book.series.volatility),
    arena.place(book.series.side),
    arena.place(book.grid.price),
    arena.place(book.grid.volatility),
    arena.place(book.grid.weight),
  ];
  const series = book.series.strike.length;
  const nodes = book.grid.price.length;
  const optionRow = nodes + 2 + (nodes % 2);
  const options = [
    doubles(assets),
    doubles(assets),
    doubles(series),
    doubles(series),
    doubles(series),
    doubles(series * nodes),
    doubles(nodes),
    doubles(6 * optionRow),
    doubles(6 * optionRow),
  ];
  const collateralLeft = doubles(book.collateralTokens.length);
  const debtLeft = doubles(book.debtTokens.length);
  const agents = book.agents.gasUsd.length;
  const queue = [arena.zeros(4 * lenders), doubles(lenders), doubles(agents)];
  const hit = arena.zeros(4 * accounts);
  const guard = [...Array.from({ length: 4 }, () => doubles(accounts)), arena.zeros(4 * 4 * lenders), doubles(4 * lenders)];
  const seized = doubles(assets);
  const repaid = doubles(assets);
  const work = [
    doubles(assets),
    doubles(assets),
    doubles(assets),
    doubles(assets),
    doubles(assets),
    doubles((2 * paths.steps + 1) * assets),
    doubles(assets),
  ];
  const byPath = Array.from({ length: 7 }, () => doubles(paths.count));
  const byAccount = [doubles(accounts), doubles(accounts)];

  const pays = book.fundingRate.some((rate) => rate !== 0) ? 1 : 0;
  const words = [
    assets,
    paths.steps,
    paths.columns,
    lenders,
    traders,
    paths.frozenSteps,
    paths.haltedSteps ?? 0,
    series,
    nodes,
    optionRow,
    pays,
    agents,
  ];
  words.push(
    ...market,
    ...lending,
    ...margin,
    ...work,
    ...options,
    collateralLeft,
    debtLeft,
    ...queue,
    hit,
    ...guard,
    seized,
    repaid,
    ...byPath,
    ...byAccount,
  );
  const job = arena.struct(words, [
    book.stepSeconds,
    book.auctionDiscount,
    book.optionSpread,
    book.optionTick,
    book.volatilityBeta,
    book.insuranceFundUsd,
    book.grid.price.reduce((most, price, node) => Math.max(most, Math.abs(price * book.grid.weight[node]!)), 1),
  ]);
  const factors = arena.place(paths.factors);
  const weights = arena.place(paths.weights ?? new Float64Array(paths.count).fill(1));

  const read = (): BlockResult => ({
    badDebtUsd: arena.read(byPath[0]!, paths.count),
    liquidatedUsd: arena.read(byPath[1]!, paths.count),
    penaltyUsd: arena.read(byPath[2]!, paths.count),
    liquidatedAccounts: arena.read(byPath[3]!, paths.count),
    needlessAccounts: arena.read(byPath[4]!, paths.count),
    marginShortfallUsd: arena.read(byPath[5]!, paths.count),
    deleveragedUsd: arena.read(byPath[6]!, paths.count),
    accountHits: arena.read(byAccount[0]!, accounts),
    accountLossUsd: arena.read(byAccount[1]!, accounts),
    last: {
      collateralLeft: arena.read(collateralLeft, book.collateralTokens.length),
      debtLeft: arena.read(debtLeft, book.debtTokens.length),
      seized: arena.read(seized, assets),
      repaid: arena.read(repaid, assets),
    },
  });
  return { job, factors, weights, read };
}
