/** One published or recomputed estimate and what becomes of it here. A file of this folder exports `cases()`, a list of these. */
import { existsSync, readFileSync } from 'node:fs';

export type Case = {
  readonly series: string;
  readonly model: string;
  /** Who printed it, by what convention. */
  readonly reference: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** null: not printed. */
  readonly logLikelihood: number | null;
  /** Our log-likelihood at the reference's parameters, under the reference's convention as far as `note` says. */
  readonly oursThere: () => number;
  /** Our own estimates; null where the model is only a special case of ours. */
  readonly fit:
    | (() => { readonly parameters: Readonly<Record<string, number>>; readonly logLikelihood: number; converged: boolean })
    | null;
  readonly note: string;
};

export const DATA = '../shared/data';
export const hasData = existsSync(`${DATA}/expected.json`);

export function numbers(file: string): number[] {
  return readFileSync(`${DATA}/${file}`, 'utf8').trim().split('\n').slice(1).map(Number);
}

/** A column by name, from a comma-separated file. */
export function column(file: string, name: string): number[] {
  const [header = '', ...rows] = readFileSync(`${DATA}/${file}`, 'utf8').trim().split('\n');
  const place = header.split(',').findIndex((cell) => cell.replace(/["\r]/g, '').trim() === name);
  return rows.map((row) => Number(row.split(',')[place]));
}

/** Daily log returns in percent of the four coins' common dates since 2019-01-31. */
export function dailyReturns(symbols: readonly string[]): Float64Array[] {
  const closes = new Map<string, Map<string, number>>(symbols.map((symbol) => [symbol, new Map()]));
  for (const line of readFileSync(`${DATA}/binance_spot_daily_2019_2023.csv`, 'utf8').trim().split('\n').slice(1)) {
    const [date = '', symbol = '', , , , close] = line.split(',');
    closes.get(symbol)?.set(date, Number(close));
  }
  const first = closes.get(symbols[0]!)!;
  const dates = [...first.keys()].filter((date) => date >= '2019-01-31' && symbols.every((symbol) => closes.get(symbol)!.has(date))).sort();
  return symbols.map((symbol) => {
    const prices = closes.get(symbol)!;
    return Float64Array.from(dates.slice(1), (date, index) => 100 * Math.log(prices.get(date)! / prices.get(dates[index]!)!));
  });
}
