/**
 * Towards: the tilt for a book. Its paths are pushed towards falls of what stands behind loans and of what traders hold long, each asset by its
 * USD, debts in the same asset deducted: what falls together with the debt it covers hurts nobody.
 *
 * The shares and shifts were chosen by variance × time on the real book of 2022-05-08 (docs/evidence/tilt.md), and are not fitted to
 * a book: five eighths of the paths stay plain, so no weight exceeds 1.6.
 */
import { margined } from '../../datasets/derivatives.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import type { MarketModel } from '../../models/market.ts';
import type { Tilt } from '../../models/tilt.ts';

const DRIFT = { share: 0.125, shift: 2.5 };
const SHOCK = { share: 0.125, shift: 3, scale: 0.25 };
const SINGLE = { share: 0.125, shift: 3, scale: 0.25 };

/** Null where nothing in the book loses from a fall. */
export function tiltOf(state: ProtocolState, model: MarketModel): Tilt | null {
  const rows = new Map(state.assets.map((row) => [row.asset, row]));
  const usd = new Map<string, number>();
  const add = (asset: string, tokens: number) => {
    const row = rows.get(asset);
    if (row === undefined || row.panelAsset === null || !model.assets.includes(row.panelAsset)) return;
    usd.set(row.panelAsset, (usd.get(row.panelAsset) ?? 0) + tokens * row.priceUsd);
  };
  for (const { collateral, debt } of state.lending) {
    if (debt.length === 0) continue;
    for (const { asset, amountTokens } of collateral) add(asset, amountTokens);
    for (const { asset, amountTokens } of debt) add(asset, -amountTokens);
  }
  for (const { perps } of margined(state.derivatives)) {
    for (const { asset, sizeTokens } of perps) if (sizeTokens > 0) add(asset, sizeTokens);
  }
  const towards = Object.fromEntries([...usd].filter(([, amount]) => amount > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Object.keys(towards).length === 0 ? null : { towards, drift: DRIFT, shock: SHOCK, single: SINGLE };
}
