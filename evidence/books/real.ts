/** The real book on a past day, for the makers beside: published Aave tables re-priced to as-of, and the law fitted on the bars before it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { align } from '../../datasets/align.ts';
import { FindingKind, type MarketPanel } from '../../datasets/panel.ts';
import { DATE_WAIVER, reprice } from '../../datasets/reprice.ts';
import { importAave } from '../../datasets/sources/aave.ts';
import { readSeries } from '../../datasets/sources/files.ts';
import type { Rule } from '../../datasets/sources/imputation.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import * as Fit from '../../models/fit.ts';
import type { MarketModel } from '../../models/market.ts';

export const DATA = '../shared/data';
const SEED = 1;

export type Bars = Awaited<ReturnType<typeof readSeries>>;

export async function bars(): Promise<Bars> {
  return readSeries(join(DATA, 'hourly'));
}

/** The panel up to as-of as the tuner sees it. */
export function before({ series, quote, sources }: Bars, asOf: string): MarketPanel {
  return align(series, { quote, sources, simulated: false, asOf });
}

/** What came: nothing is judged or left out. */
export function after({ series, quote, sources }: Bars, from: string, to: string): MarketPanel {
  const waivers = [...new Set(series.map(({ asset }) => asset))].flatMap((subject) =>
    FindingKind.options.map((kind) => ({ subject, kind, reason: 'what happened' })),
  );
  return align(series, { quote, sources, simulated: false, from, asOf: to, minimumHistorySeconds: 0, waivers });
}

export function book(panel: MarketPanel, asOf: string, imputation: Rule = 'proportional'): ProtocolState {
  const read = (name: string) => readFileSync(join(DATA, `aave_v3_${name}`), 'utf8');
  const tables = {
    usersCsv: read('top1000_users_2025-12-01.csv'),
    positionsCsv: read('top1000_debt_positions_2025-12-01.csv'),
    reservesJson: read('ethereum_reserve_params_2023-10-31.json'),
  };
  const state = importAave(tables, { seed: SEED, imputation });
  return reprice(state, panel, { asOf, waivers: [{ ...DATE_WAIVER, reason: 'book of 2025 at the prices of the day' }] });
}

/** `minimumHistorySeconds`: less than advice asks for, where the law is only to say how prices give way to sales. */
export async function law(panel: MarketPanel, minimumHistorySeconds?: number): Promise<MarketModel> {
  return Fit.fit(panel, { seed: SEED, forecaster: false, ...(minimumHistorySeconds === undefined ? {} : { minimumHistorySeconds }) });
}
