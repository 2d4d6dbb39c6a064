/** Random legal books and hard weather for the kernel's loop, its twin and its trace. */
import { type BookInput, LIQUIDATION, POSITION } from '../../kernel/job.ts';
import { draws } from './fixture.ts';

/** A random legal book of a few accounts in hard weather: thin markets, slow oracles, jumps. */
export function randomCase(seed: number) {
  const draw = draws(seed);
  const between = (low: number, high: number) => low + (high - low) * draw();
  const whole = (below: number) => Math.floor(draw() * below);
  const assets = 2 + whole(4);
  const steps = 1 + whole(20);
  const lenders = whole(8);
  const traders = whole(6);
  const many = (length: number, make: () => number) => Float64Array.from({ length }, make);
  const starts = (accounts: number, most: number) => {
    const start = new Int32Array(accounts + 1);
    for (let account = 0; account < accounts; account += 1) start[account + 1] = start[account]! + 1 + whole(most);
    return start;
  };
  const startPrice = many(assets, () => 10 ** between(-2, 4));
  const collateralStart = starts(lenders, 3);
  // Rules as protocols have them, and none of their figures.
  const kinds = [LIQUIDATION.repay, LIQUIDATION.absorb, LIQUIDATION.repay];
  const lenderRule = Int32Array.from({ length: lenders }, () => whole(kinds.length));
  const debtStart = new Int32Array(lenders + 1);
  for (let account = 0; account < lenders; account += 1) {
    debtStart[account + 1] = debtStart[account]! + 1 + (kinds[lenderRule[account]!] === LIQUIDATION.absorb ? 0 : whole(2));
  }
  const positionStart = starts(traders, 3);
  const rows = (start: Int32Array) => Int32Array.from({ length: start.at(-1)! }, () => whole(assets));
  const [collateralAsset, debtAsset, positionAsset] = [rows(collateralStart), rows(debtStart), rows(positionStart)];
  const collateralTokens = Float64Array.from(collateralAsset, (asset) => 10 ** between(2, 6.5) / startPrice[asset]!);
  const collateralThreshold = Float64Array.from(collateralAsset, () => (draw() < 0.1 ? 0 : between(0.5, 0.9)));
  const debtTokens = new Float64Array(debtAsset.length);
  for (let account = 0; account < lenders; account += 1) {
    let weighted = 0;
    for (let row = collateralStart[account]!; row < collateralStart[account + 1]!; row += 1) {
      weighted += collateralTokens[row]! * startPrice[collateralAsset[row]!]! * collateralThreshold[row]!;
    }
    const owedUsd = (weighted + 1) / between(0.97, 1.4);
    const shares = debtStart[account + 1]! - debtStart[account]!;
    for (let row = debtStart[account]!; row < debtStart[account + 1]!; row += 1) {
      debtTokens[row] = owedUsd / shares / startPrice[debtAsset[row]!]!;
    }
  }
  const positionTokens = Float64Array.from(positionAsset, (asset) => ((draw() < 0.5 ? -1 : 1) * 10 ** between(2, 6)) / startPrice[asset]!);
  const marginShock = many(assets, () => between(0.02, 0.3));
  const marginContingency = many(assets, () => between(0, 0.02));
  const startEquity = new Float64Array(traders);
  for (let trader = 0; trader < traders; trader += 1) {
    let gross = 0;
    for (let row = positionStart[trader]!; row < positionStart[trader + 1]!; row += 1) {
      const asset = positionAsset[row]!;
      gross += Math.abs(positionTokens[row]! * startPrice[asset]!);
    }
    startEquity[trader] = gross * between(0.02, 0.5);
  }
  const positionKind = Int32Array.from(
    positionAsset,
    () => [POSITION.linear, POSITION.linear, POSITION.inverse, POSITION.collateral][whole(4)]!,
  );
  for (let row = 0; row < positionTokens.length; row += 1) {
    if (positionKind[row] === POSITION.collateral) positionTokens[row] = Math.abs(positionTokens[row]!);
  }
  const count = whole(5);
  const series = {
    asset: Int32Array.from({ length: count }, () => whole(assets)),
    strike: new Float64Array(count),
    years: many(count, () => (draw() < 0.3 ? (steps * draw()) / 8_760 : between(0.01, 0.5))),
    volatility: many(count, () => between(0.2, 1.5)),
    side: many(count, () => (draw() < 0.5 ? 1 : -1)),
  };
  series.strike.forEach((_, index) => {
    series.strike[index] = startPrice[series.asset[index]!]! * between(0.7, 1.4);
  });
  const optionStart = new Int32Array(traders + 1);
  for (let trader = 0; trader < traders; trader += 1) optionStart[trader + 1] = optionStart[trader]! + (count > 0 ? whole(3) : 0);
  const optionSeries = Int32Array.from({ length: optionStart[traders]! }, () => whole(count));
  const optionTokens = Float64Array.from(
    optionSeries,
    (one) => ((draw() < 0.6 ? -1 : 1) * 10 ** between(2, 5)) / startPrice[series.asset[one]!]!,
  );
  const nodes = draw() < 0.5 ? [-1, 1] : [-2, -1, -0.5, 0, 0.5, 1, 2];
  const pool = Int32Array.from({ length: assets }, (_, asset) => asset);
  for (let asset = 1; asset < assets; asset += 1) if (draw() < 0.2) pool[asset] = pool[asset - 1]!;
  const byPool = (values: Float64Array) => values.map((_, asset) => values[pool[asset]!]!);
  const calm = draw() < 0.3;
  const agents = 1 + whole(3);
  const book: BookInput = {
    assets,
    lenders,
    traders,
    startPrice,
    pathAsset: Int32Array.from({ length: assets }, (_, asset) => (draw() < 0.15 ? -1 : asset)),
    pool,
    volumeUsd: byPool(many(assets, () => 10 ** between(5, 9))),
    impactScale: byPool(many(assets, () => (draw() < 0.1 ? 0 : between(0.001, 0.3)))),
    impactDelta: byPool(many(assets, () => (draw() < 0.5 ? 0.5 : between(0.3, 1)))),
    impactDecay: byPool(many(assets, () => between(0, 1))),
    impactSpread: byPool(many(assets, () => between(0.02, 1))),
    lastingScale: byPool(many(assets, () => (draw() < 0.2 ? 0 : between(0.001, 0.1)))),
    lastingDelta: byPool(many(assets, () => (draw() < 0.7 ? 0.5 : between(0.3, 1)))),
    lastingDecay: byPool(many(assets, () => between(0.1, 1))),
    lastingSpread: byPool(many(assets, () => between(0.1, 1))),
    deviation: many(assets, () => (draw() < 0.3 ? 0 : between(0.001, 0.05))),
    heartbeatSeconds: many(assets, () => [1, 3_600, 7_200, 86_400][whole(4)]!),
    latencySteps: many(assets, () => (draw() < 0.5 ? 0 : between(0, 3.5))),
    collateralStart,
    collateralAsset,
    collateralTokens,
    collateralThreshold,
    collateralBonus: Float64Array.from(collateralAsset, () => between(0, 0.15)),
    debtStart,
    debtAsset,
    debtTokens,
    lenderRule,
    rules: {
      kind: Int32Array.from(kinds),
      closeFactor: many(kinds.length, () => between(0.1, 1)),
      fullCloseHealth: many(kinds.length, () => between(0.8, 1)),
      smallPositionUsd: many(kinds.length, () => (draw() < 0.5 ? between(0, 3_000) : 10 ** between(3, 5))),
      leftoverUsd: many(kinds.length, () => (draw() < 0.3 ? 0 : 10 ** between(2, 5))),
      bonusFee: many(kinds.length, () => between(0, 0.5)),
    },
    agents: {
      gasUsd: many(agents, () => between(0, 100)),
      capitalCost: many(agents, () => between(0, 0.002)),
      thresholdUsd: many(agents, () => (draw() < 0.5 ? 0 : between(0, 300))),
      inventoryUsd: many(agents, () => (draw() < 0.4 ? Number.POSITIVE_INFINITY : 10 ** between(3, 6.5))),
      tied: many(agents, () => draw()),
    },
    positionStart,
    positionAsset,
    positionTokens,
    positionKind,
    positionCredit: Float64Array.from(positionTokens, () => between(0.3, 1)),
    startEquity,
    marginShock,
    marginContingency,
    optionContingency: many(assets, () => between(0, 0.02)),
    fundingRate: many(assets, () => (draw() < 0.7 ? 0 : between(-0.002, 0.002))),
    volatilityRange: many(assets, () => between(0, 0.6)),
    optionStart,
    optionSeries,
    optionTokens,
    series,
    grid: {
      price: Float64Array.from(nodes),
      volatility: Float64Array.from(nodes, () => whole(3) - 1),
      weight: Float64Array.from(nodes, (node) => (Math.abs(node) > 1 ? 0.35 : 1)),
    },
    stepSeconds: 3_600,
    auctionDiscount: between(0, 0.3),
    optionSpread: between(0, 0.1),
    optionTick: between(0, 0.001),
    volatilityBeta: draw() < 0.5 ? 0 : between(-0.5, 1.5),
    insuranceFundUsd: draw() < 0.5 ? 0 : 10 ** between(2, 5),
  };
  const level = many(assets, () => 1);
  const factors = Array.from({ length: steps }, () =>
    Array.from({ length: assets }, (_, asset) => {
      level[asset]! *= 1 + (calm ? 0.02 : 0.15) * (2 * draw() - 1.05) - (draw() < 0.02 ? 0.6 : 0);
      if (level[asset]! < 0 || draw() < 0.003) level[asset] = 0;
      return level[asset]!;
    }),
  );
  return { book, factors, steps, frozenSteps: draw() < 0.2 ? whole(5) : 0, haltedSteps: draw() < 0.2 ? whole(6) : 0 };
}
