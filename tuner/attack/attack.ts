/**
 * Attack: both ways for one market, or for every asset of a book. A file describes one market (YAML, or JSON, which is YAML too); of a book the volume is
 * what its state declares, the volatility what the law says, and the whole market gives way and recovers as in tuner/stress/impact.ts.
 */
import { z } from 'zod';
import { type ErrorFacts, PlimsollError } from '../../base/errors.ts';
import { BPS_ONE } from '../../base/units.ts';
import type { AssetState, ProtocolState } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Document from '../document.ts';
import { LASTING } from '../stress/impact.ts';
import * as Law from '../stress/law.ts';
import { Market } from './market.ts';
import { Oracle, type Pump, pump } from './pump.ts';
import { type Squeeze, squeeze } from './squeeze.ts';

const Usd = z.number().nonnegative().max(1e13);
export const Case = z
  .strictObject({
    name: z.string().min(1).max(200),
    says: z.string().max(2_000).default(''),
    /** Where each figure is from, and which are assumed. */
    sources: z.array(z.string().max(500)).max(30).readonly().default([]),
    market: Market,
    pump: z
      .strictObject({ oracle: Oracle, ltv: z.number().positive().max(10), liquidityUsd: Usd, supplyCapUsd: Usd.nullable().default(null) })
      .readonly()
      .optional(),
    squeeze: z
      .strictObject({
        threshold: z.number().positive().max(1),
        bonus: z.number().min(0).max(1),
        seconds: z.number().min(0).max(1e8),
        debtUsd: Usd,
      })
      .readonly()
      .optional(),
  })
  .readonly();
export type Case = z.infer<typeof Case>;
export type Attacked = { readonly name: string; readonly pump: Pump | null; readonly squeeze: Squeeze | null };

/** In which a liquidation must have bought a debt back; declared. */
const LIQUIDATION_SECONDS = 3_600;

export function parse(text: string, where: string): Case {
  const { value, place } = Document.read(text, where, (facts) => new NotACaseError(facts));
  const parsed = Case.safeParse(value);
  if (parsed.success) {
    if (parsed.data.pump === undefined && parsed.data.squeeze === undefined)
      throw new NotACaseError({ got: 'neither pump nor squeeze', needed: 'one of them, or both', where });
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  throw new NotACaseError({
    got: issue!.message,
    needed: 'a market as in docs/attack.md',
    where: place(issue!.path as (string | number)[]),
  });
}

export function judge(kernel: Kernel, { name, market, ...ways }: Case): Attacked {
  return {
    name,
    pump: ways.pump === undefined ? null : pump(kernel, { market, ...ways.pump }),
    squeeze: ways.squeeze === undefined ? null : squeeze(kernel, { market, ...ways.squeeze }, ways.squeeze.debtUsd),
  };
}

/** One case an asset whose price moves: posted against all the others, and owed against the collateral that counts most. */
export function casesOf(state: ProtocolState, model: MarketModel, oracle: Oracle): readonly Case[] {
  const { assets, dailyVolatility } = Law.flatten(model);
  const left = new Map(
    state.assets.map((row) => [row.asset, Math.max(0, totalUsd(state, row, 'collateral') - totalUsd(state, row, 'debt'))]),
  );
  const all = [...left.values()].reduce((sum, usd) => sum + usd, 0);
  return state.assets.flatMap((row): Case[] => {
    const column = row.panelAsset === null ? -1 : assets.indexOf(row.panelAsset);
    if (column < 0) return [];
    const { dailyVolumeUsd } = row.depth;
    const { y, delta, halfLifeSeconds } = LASTING;
    const depth = { form: 'law' as const, dailyVolumeUsd, dailyVolatility: dailyVolatility[column]!, y, delta };
    const { haircutBps, supplyCapTokens } = row.parameters;
    const ltv = (BPS_ONE - haircutBps) / BPS_ONE;
    const supplyCapUsd = supplyCapTokens === null ? null : supplyCapTokens * row.priceUsd;
    const behind = state.assets.filter((other) => other !== row && other.parameters.liquidationThresholdBps > 0);
    const best = behind.reduce<AssetState | null>(
      (most, other) => (most === null || other.parameters.liquidationThresholdBps > most.parameters.liquidationThresholdBps ? other : most),
      null,
    );
    return [
      {
        ...{ name: row.asset, says: '', sources: [row.depth.says], market: { depth, halfLifeSeconds, feeShare: 0.001 } },
        ...(ltv > 0 ? { pump: { oracle, ltv, liquidityUsd: all - (left.get(row.asset) ?? 0), supplyCapUsd } } : {}),
        ...(best === null
          ? {}
          : {
              squeeze: {
                threshold: best.parameters.liquidationThresholdBps / BPS_ONE,
                bonus: best.parameters.liquidationBonusBps / BPS_ONE,
                seconds: LIQUIDATION_SECONDS,
                debtUsd: totalUsd(state, row, 'debt'),
              },
            }),
      },
    ];
  });
}

function totalUsd(state: ProtocolState, { asset, priceUsd }: AssetState, side: 'collateral' | 'debt'): number {
  return state.lending.reduce(
    (sum, account) => account[side].reduce((own, held) => (held.asset === asset ? own + held.amountTokens * priceUsd : own), sum),
    0,
  );
}

export class NotACaseError extends PlimsollError {
  override readonly name = 'Attack.NotACaseError';
  constructor(facts: ErrorFacts) {
    super(facts);
  }
}
