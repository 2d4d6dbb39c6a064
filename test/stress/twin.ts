/**
 * The stress loop written the obvious way: objects, no quick tests, no flat arrays, host pow. One path at a time.
 * Kept beside the tests to be read against methods §9; the kernel must agree with it on every figure.
 */
import { type BookInput, LIQUIDATION, POSITION } from '../../kernel/job.ts';
import * as Twin from './twin-traders.ts';

/** The largest size under `from` that leaves no dust, by halving. */
function belowDust(dusty: (pay: number) => boolean, from: number): number {
  let [low, high] = [0, from];
  for (let cut = 0; cut < 60; cut += 1) {
    if (dusty((low + high) / 2)) high = (low + high) / 2;
    else low = (low + high) / 2;
  }
  return low;
}

/** Outstanding sales as the venue and as the whole market feel them. */
type Pool = { venue: number; market: number };
export type Asset = {
  start: number;
  reference: number;
  pool: Pool;
  oracle: number;
  age: number;
  market: number[];
  index: number;
};
type Lender = {
  collateral: { asset: Asset; had: number; tokens: number; threshold: number; bonus: number }[];
  debt: { asset: Asset; tokens: number }[];
  rule: number;
  absorbed: boolean;
  hit: boolean;
  lossUsd: number;
};

export type TwinResult = {
  badDebtUsd: number;
  liquidatedUsd: number;
  penaltyUsd: number;
  liquidatedAccounts: number;
  needlessAccounts: number;
  marginShortfallUsd: number;
  deleveragedUsd: number;
  hits: boolean[];
  lossUsd: number[];
  debtLeft: number[];
  collateralLeft: number[];
};

export function twin(book: BookInput, factors: readonly (readonly number[])[], frozenSteps: number, haltedSteps = 0): TwinResult {
  const pools = Array.from(book.startPrice, (): Pool => ({ venue: 0, market: 0 }));
  const assets = Array.from(
    book.startPrice,
    (start, index): Asset => ({ start, reference: start, pool: pools[book.pool[index]!]!, oracle: start, age: 0, market: [start], index }),
  );
  const rows = (starts: Int32Array, account: number) =>
    Array.from({ length: starts[account + 1]! - starts[account]! }, (_, k) => starts[account]! + k);
  const lenders = Array.from(
    { length: book.lenders },
    (_, account): Lender => ({
      collateral: rows(book.collateralStart, account).map((row) => ({
        asset: assets[book.collateralAsset[row]!]!,
        had: book.collateralTokens[row]!,
        tokens: book.collateralTokens[row]!,
        threshold: book.collateralThreshold[row]!,
        bonus: book.collateralBonus[row]!,
      })),
      debt: rows(book.debtStart, account).map((row) => ({ asset: assets[book.debtAsset[row]!]!, tokens: book.debtTokens[row]! })),
      rule: book.lenderRule[account]!,
      absorbed: false,
      hit: false,
      lossUsd: 0,
    }),
  );
  const traders = Twin.traders(book, assets);
  const paid = assets.map(() => [0, 0]);
  const funding = (asset: Asset, inverse: boolean) => paid[asset.index]![inverse ? 1 : 0]!;
  let now = 0;
  const untouched = structuredClone(
    lenders.map(({ collateral, debt }) => ({ c: collateral.map(({ tokens }) => tokens), d: debt.map(({ tokens }) => tokens) })),
  );
  const total = { liquidatedUsd: 0, penaltyUsd: 0 };

  /** Both kinds of impact of an asset, with the flow each has outstanding. */
  const kinds = ({ index, pool }: Asset) => [
    { scale: book.impactScale[index]!, delta: book.impactDelta[index]!, spread: book.impactSpread[index]!, flow: pool.venue },
    { scale: book.lastingScale[index]!, delta: book.lastingDelta[index]!, spread: book.lastingSpread[index]!, flow: pool.market },
  ];
  const slope = (asset: Asset, kind: ReturnType<typeof kinds>[number], usd: number) => {
    const flow = kind.flow + kind.spread * usd;
    return Math.sign(flow) * (1 + kind.delta) * kind.scale * (Math.abs(flow) / book.volumeUsd[asset.index]!) ** kind.delta;
  };
  const clamp = (impact: number) => Math.min(0.99, Math.max(-0.99, impact));
  const mark = (asset: Asset) => asset.reference * (1 - clamp(slope(asset, kinds(asset)[1]!, 0)));
  /** The price of each dollar in turn, summed: exactly where no bound is met, else piece by piece around where it is. */
  const sell = (asset: Asset, usd: number): number => {
    const both = (at: number) => kinds(asset).reduce((sum, kind) => sum + slope(asset, kind, at), 0);
    const integral = (from: number, to: number) =>
      kinds(asset).reduce((sum, { scale, delta, spread, flow }) => {
        const until = (at: number) => {
          const outstanding = Math.abs(flow + spread * at);
          return outstanding * scale * (outstanding / book.volumeUsd[asset.index]!) ** delta;
        };
        return sum + (until(to) - until(from)) / spread;
      }, 0);
    const [from, to] = [Math.min(0, usd), Math.max(0, usd)];
    const bounds = [-0.99, 0.99].map((level) => {
      if (both(from) >= level) return from;
      if (both(to) <= level) return to;
      let [low, high] = [from, to];
      for (let cut = 0; cut < 60; cut += 1) {
        if (both((low + high) / 2) < level) low = (low + high) / 2;
        else high = (low + high) / 2;
      }
      return (low + high) / 2;
    });
    const lost = integral(bounds[0]!, bounds[1]!) + 0.99 * (to - bounds[1]!) - 0.99 * (bounds[0]! - from);
    return usd - Math.sign(usd) * lost;
  };
  const move = (asset: Asset, usd: number) => {
    asset.pool.venue += book.impactSpread[asset.index]! * usd;
    asset.pool.market += book.lastingSpread[asset.index]! * usd;
  };

  const agents = Array.from(book.agents.gasUsd, (gasUsd, index) => ({
    gasUsd,
    capitalCost: book.agents.capitalCost[index]!,
    thresholdUsd: book.agents.thresholdUsd[index]!,
    inventoryUsd: book.agents.inventoryUsd[index]!,
    tied: book.agents.tied[index]!,
    used: 0,
  }));

  /** `gain`: what a dollar paid brings at oracle prices. Before capital. */
  const earnings = (sold: Asset, bought: Asset, gain: number, pay: number) => {
    const saleUsd = (pay * gain * sold.reference) / sold.oracle;
    const purchaseUsd = (pay * bought.reference) / bought.oracle;
    const net = sold.pool === bought.pool ? sell(sold, saleUsd - purchaseUsd) : sell(sold, saleUsd) + sell(bought, -purchaseUsd);
    return { net, saleUsd, purchaseUsd };
  };

  /** What may be paid in which debt asset for which collateral. */
  const offer = (lender: Lender) => {
    const owed = lender.debt.reduce((sum, { asset, tokens }) => sum + tokens * asset.oracle, 0);
    const weighted = lender.collateral.reduce((sum, { asset, tokens, threshold }) => sum + tokens * asset.oracle * threshold, 0);
    if (!lender.absorbed && (owed <= 0 || weighted >= owed)) return null;
    const largest = <T extends { asset: Asset; tokens: number }>(list: readonly T[]) =>
      list.reduce<T | undefined>(
        (best, row) => (row.tokens * row.asset.oracle > (best === undefined ? 0 : best.tokens * best.asset.oracle) ? row : best),
        undefined,
      );
    const { rule } = lender;
    const absorbs = book.rules.kind[rule] === LIQUIDATION.absorb;
    const debt = largest(lender.debt) ?? (absorbs ? lender.debt[0] : undefined);
    const collateral = largest(lender.collateral.filter(({ threshold }) => threshold > 0));
    if (debt === undefined || collateral === undefined || debt.asset.oracle === 0) return null;
    const debtUsd = debt.tokens * debt.asset.oracle;
    const collateralUsd = collateral.tokens * collateral.asset.oracle;
    const given = collateral.bonus * (1 - book.rules.bonusFee[rule]!);
    if (absorbs) {
      const gain = 1 / (1 - given);
      return { owed, debt, collateral, allowed: collateralUsd / gain, gain, taken: gain, absorbs, dusty: () => false };
    }
    const small = book.rules.smallPositionUsd[rule]!;
    const whole = weighted / owed < book.rules.fullCloseHealth[rule]! || Math.min(debtUsd, collateralUsd) < small;
    const taken = 1 + collateral.bonus;
    const allowed = Math.min(whole ? debtUsd : Math.min(debtUsd, book.rules.closeFactor[rule]! * owed), collateralUsd / taken);
    /** Neither side cleared, and one left too small. */
    const dusty = (pay: number) =>
      pay < debtUsd && pay < collateralUsd / taken && Math.min(debtUsd - pay, collateralUsd - pay * taken) < book.rules.leftoverUsd[rule]!;
    return { owed, debt, collateral, allowed, gain: 1 + given, taken, absorbs, dusty };
  };
  /** What the cheapest liquidator would earn if nothing he does moved a price. */
  const worth = (lender: Lender): number => {
    const { debt, collateral, allowed, gain } = offer(lender)!;
    const { saleUsd, purchaseUsd } = earnings(collateral.asset, debt.asset, gain, 1);
    const price = (asset: Asset) => 1 - clamp(kinds(asset).reduce((sum, kind) => sum + slope(asset, kind, 0), 0));
    const cheapest = Math.min(...agents.map(({ capitalCost }) => capitalCost));
    return allowed * (saleUsd * price(collateral.asset) - purchaseUsd * price(debt.asset) - cheapest);
  };

  /** The best size of a concave profit by golden section; flat at the top, so its last digits by the price of the next dollar. */
  const peak = (profit: (pay: number) => number, next: (pay: number) => number, most: number) => {
    let [low, high] = [0, most];
    for (let cutting = 0; cutting < 40; cutting += 1) {
      const [a, b] = [high - (high - low) * 0.6180339887498949, low + (high - low) * 0.6180339887498949];
      if (profit(a) > profit(b)) high = b;
      else low = a;
    }
    const inside = 0.5 * (low + high);
    if (next(most) >= 0 && profit(most) >= profit(inside) - 1e-9 * most) return most;
    [low, high] = [Math.max(0, inside - 1e-3 * most), Math.min(most, inside + 1e-3 * most)];
    for (let cut = 0; cut < 60; cut += 1) {
      if (next(0.5 * (low + high)) >= 0) low = 0.5 * (low + high);
      else high = 0.5 * (low + high);
    }
    return 0.5 * (low + high);
  };

  const liquidate = (lender: Lender): boolean => {
    const offered = offer(lender);
    if (offered === null) return false;
    const { owed, debt, collateral, allowed, gain, taken, absorbs, dusty } = offered;
    const bids = agents.flatMap((agent) => {
      const most = Math.min(allowed, agent.inventoryUsd - agent.used);
      if (most <= 0) return [];
      const profit = (pay: number) => earnings(collateral.asset, debt.asset, gain, pay).net - pay * agent.capitalCost;
      /** What the next dollar earns. */
      const next = (pay: number) => {
        const { saleUsd, purchaseUsd } = earnings(collateral.asset, debt.asset, gain, 1);
        const [sold, bought] = [pay * saleUsd, pay * purchaseUsd];
        const joint = collateral.asset.pool === debt.asset.pool;
        const price = (asset: Asset, usd: number) => 1 - clamp(kinds(asset).reduce((sum, kind) => sum + slope(asset, kind, usd), 0));
        return (
          saleUsd * price(collateral.asset, joint ? sold - bought : sold) -
          purchaseUsd * price(debt.asset, joint ? sold - bought : -bought) -
          agent.capitalCost
        );
      };
      // Where the best size leaves dust: the best that does not, or all.
      const best = peak(profit, next, most);
      const sizes = dusty(best) ? [peak(profit, next, belowDust(dusty, best)), ...(dusty(most) ? [] : [most])] : [best];
      return sizes.filter((pay) => pay > 0).map((pay) => ({ agent, pay, earned: profit(pay) - agent.gasUsd }));
    });
    const chosen = bids
      .filter(({ agent, earned }) => earned > agent.thresholdUsd)
      .reduce<(typeof bids)[number] | undefined>((most, bid) => (most === undefined || bid.earned > most.earned ? bid : most), undefined);
    if (chosen === undefined) return false;
    const { agent, pay } = chosen;
    if (absorbs && !lender.absorbed) {
      const counted = lender.collateral.filter(({ threshold }) => threshold > 0);
      const value = counted.reduce((sum, { asset, tokens }) => sum + tokens * asset.oracle, 0);
      const credit = Math.max(0, counted.reduce((sum, { asset, tokens, bonus }) => sum + tokens * asset.oracle * (1 - bonus), 0) - owed);
      debt.tokens += credit / debt.asset.oracle;
      lender.absorbed = true;
      total.liquidatedUsd += owed;
      total.penaltyUsd += Math.max(0, value - owed - credit);
    }
    const { saleUsd, purchaseUsd } = earnings(collateral.asset, debt.asset, gain, pay);
    agent.used += pay;
    move(collateral.asset, saleUsd);
    move(debt.asset, -purchaseUsd);
    collateral.tokens = pay === allowed && absorbs ? 0 : Math.max(0, collateral.tokens - (pay * taken) / collateral.asset.oracle);
    debt.tokens = Math.max(0, debt.tokens - pay / debt.asset.oracle);
    lender.hit = true;
    if (!absorbs) {
      total.liquidatedUsd += pay;
      total.penaltyUsd += pay * collateral.bonus;
    }
    return true;
  };

  const margin = (trader: Twin.Trader, price: (asset: Asset) => number) =>
    Twin.margin(book, trader, price, Twin.yearsAt(book, now), funding);
  /** To the market, or to a bidder where he pays more. */
  const closes = (asset: Asset, usd: number, moves: boolean) => {
    const got = sell(asset, usd);
    const auctioned = usd - book.auctionDiscount * Math.abs(usd);
    if (moves && got >= auctioned) move(asset, usd);
    return Math.max(got, auctioned);
  };
  const closed = (trader: Twin.Trader, moves: boolean) => {
    let equity = trader.equity;
    for (const { asset, tokens, kind } of trader.perps) {
      equity += closes(asset, tokens * asset.reference, moves);
      if (kind !== POSITION.collateral) equity -= tokens * (asset.start + funding(asset, kind === POSITION.inverse));
    }
    for (const { series, tokens } of trader.options) {
      const { price, delta } = Twin.worth(book, series, series.asset.reference, Twin.yearsAt(book, now), 1);
      equity += tokens * price;
      if (series.settled !== null) continue;
      equity -= Math.abs(tokens) * (book.optionSpread * price + book.optionTick * series.asset.reference);
      const hedge = tokens * delta * series.asset.reference;
      equity += closes(series.asset, hedge, moves) - hedge;
    }
    return equity;
  };

  const advance = (row: readonly number[], step: number) => {
    pools.forEach((pool, index) => {
      pool.venue *= book.impactDecay[index]!;
      pool.market *= book.lastingDecay[index]!;
    });
    for (const asset of assets) {
      const column = book.pathAsset[asset.index]!;
      asset.reference = asset.start * (column < 0 ? 1 : row[column]!);
      asset.market.push(mark(asset));
      asset.age += book.stepSeconds;
      if (step <= frozenSteps) continue;
      const ago = book.latencySteps[asset.index]!;
      const then = (steps: number) => asset.market[Math.max(0, step - steps)]!;
      const seen = then(Math.floor(ago)) + (ago - Math.floor(ago)) * (then(Math.floor(ago) + 1) - then(Math.floor(ago)));
      if (
        asset.age >= book.heartbeatSeconds[asset.index]! ||
        Math.abs(seen - asset.oracle) >= book.deviation[asset.index]! * asset.oracle
      ) {
        asset.oracle = seen;
        asset.age = 0;
      }
    }
    if (step <= factors.length) {
      now = step;
      for (const asset of assets) {
        paid[asset.index]![0]! += book.fundingRate[asset.index]! * asset.oracle;
        paid[asset.index]![1]! += book.fundingRate[asset.index]! * asset.start;
      }
      Twin.settle(traders, ({ oracle }) => oracle, Twin.yearsAt(book, now));
    }
    for (const agent of agents) agent.used *= agent.tied;
    if (step <= Math.min(haltedSteps, factors.length)) return;
    const inTurn = lenders
      .filter((lender) => offer(lender) !== null)
      .map((lender) => ({ lender, key: worth(lender) }))
      .sort((a, b) => b.key - a.key);
    for (const { lender } of inTurn) for (let call = 0; call < 4 && liquidate(lender); call += 1);
    for (const trader of traders) {
      if (trader.hit) continue;
      const { equity, required } = margin(trader, ({ oracle }) => oracle);
      if (equity >= required) continue;
      trader.hit = true;
      trader.lossUsd = Math.max(0, -closed(trader, true));
    }
  };
  const below = ({ collateral, debt }: Lender, price: (asset: Asset) => number) =>
    collateral.reduce((sum, { asset, tokens, threshold }) => sum + tokens * price(asset) * threshold, 0) <
    debt.reduce((sum, { asset, tokens }) => sum + tokens * price(asset), 0);
  const anyBelow = () =>
    lenders.some((lender) =>
      lender.absorbed
        ? lender.collateral.some(({ asset, tokens, threshold, had }) => threshold > 0 && asset.oracle > 0 && tokens > 1e-6 * had)
        : below(lender, mark) || below(lender, ({ oracle }) => oracle),
    );

  factors.forEach((row, index) => {
    advance(row, index + 1);
  });
  // Run-off at standing prices, for at most as long again.
  for (let step = factors.length + 1; step <= 2 * factors.length && anyBelow(); step += 1) advance(factors.at(-1)!, step);

  for (const lender of lenders) {
    const owed = lender.debt.reduce((sum, { asset, tokens }) => sum + tokens * mark(asset), 0);
    if (!lender.absorbed && !below(lender, mark)) continue;
    const value = lender.collateral
      .filter(({ threshold }) => threshold > 0)
      .reduce((sum, { asset, tokens }) => sum + sell(asset, tokens * asset.reference), 0);
    lender.lossUsd = Math.max(0, owed - value);
  }
  for (const trader of traders) {
    if (trader.hit) continue;
    const { equity, required } = margin(trader, mark);
    if (equity < required) trader.lossUsd = Math.max(0, -closed(trader, false));
  }
  const shortfall = traders.reduce((sum, { lossUsd }) => sum + lossUsd, 0);
  const profits = traders
    .filter(({ hit }) => !hit)
    .reduce(
      (sum, trader) =>
        sum +
        Math.max(
          0,
          Twin.profit(book, trader, ({ oracle }) => oracle, Twin.yearsAt(book, now), funding),
        ),
      0,
    );
  const recovered = [
    ...lenders.map(({ collateral, debt }, account) => {
      const owed = debt.reduce((sum, { asset }, row) => sum + untouched[account]!.d[row]! * asset.oracle, 0);
      return collateral.reduce((sum, { asset, threshold }, row) => sum + untouched[account]!.c[row]! * asset.oracle * threshold, 0) > owed;
    }),
    ...traders.map((trader) => {
      const { equity, required } = margin(trader, ({ oracle }) => oracle);
      return equity >= required;
    }),
  ];
  const all = [...lenders, ...traders];
  return {
    badDebtUsd: lenders.reduce((sum, { lossUsd }) => sum + lossUsd, 0),
    ...total,
    liquidatedAccounts: all.filter(({ hit }) => hit).length,
    needlessAccounts: all.filter(({ hit }, account) => hit && recovered[account]).length,
    marginShortfallUsd: shortfall,
    deleveragedUsd: Math.min(Math.max(0, shortfall - book.insuranceFundUsd), profits),
    hits: all.map(({ hit }) => hit),
    lossUsd: all.map(({ lossUsd }) => lossUsd),
    debtLeft: lenders.flatMap(({ debt }) => debt.map(({ tokens }) => tokens)),
    collateralLeft: lenders.flatMap(({ collateral }) => collateral.map(({ tokens }) => tokens)),
  };
}
