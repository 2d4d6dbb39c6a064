/** Recorded series that lie beside a checkout of the project in development, never in it. */
import { existsSync, readFileSync } from 'node:fs';

export const REFERENCE = '../shared/data';
export const hasReference = existsSync(`${REFERENCE}/dem2gbp.csv`);

if (!hasReference) process.stderr.write('not covered: published GARCH, HMM and DCC estimates, ../shared/data is absent\n');

export function lines(file: string): string[] {
  return readFileSync(`${REFERENCE}/${file}`, 'utf8').trim().split('\n').slice(1);
}

export function numbers(file: string): number[] {
  return lines(file).map(Number);
}

/** Daily log returns in percent of the symbols on their common dates since 2019-01-31. */
export function dailyReturns(symbols: readonly string[]): Float64Array[] {
  const closes = new Map<string, Map<string, number>>(symbols.map((symbol) => [symbol, new Map()]));
  for (const line of lines('binance_spot_daily_2019_2023.csv')) {
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
