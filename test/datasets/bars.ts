import type { PanelSource } from '../../datasets/panel.ts';
import type { Series } from '../../datasets/series.ts';

export const HOUR_MS = 3_600_000;
export const START_MS = Date.UTC(2024, 0, 1);

/** time, open, high, low, close, volume */
export type Row = readonly [number, number, number, number, number, number];

export function seriesOf(asset: string, rows: readonly Row[]): Series {
  const column = (index: number) => Float64Array.from(rows, (row) => row[index]!);
  return {
    asset,
    source: `${asset}.csv`,
    timesMs: column(0),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}

/** One hourly bar for each close, opening where the last one closed. */
export function hourly(closes: readonly number[], startMs = START_MS): Row[] {
  return closes.map((close, hour) => {
    const open = hour === 0 ? close : closes[hour - 1]!;
    return [startMs + hour * HOUR_MS, open, 1.01 * Math.max(open, close), 0.99 * Math.min(open, close), close, 10 + (hour % 7)];
  });
}

/** Closes that wander a little: no finding in them. */
export function quiet(length: number, from = 100): number[] {
  return Array.from({ length }, (_, i) => from * (1 + 0.05 * Math.sin(i / 3) + 0.001 * (i % 5)));
}

export const SOURCES: readonly PanelSource[] = [];
export const PLAIN = { quote: 'USD', sources: SOURCES, simulated: false, minimumHistorySeconds: 0 } as const;
