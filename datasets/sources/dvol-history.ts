/** DVOL history: Deribit's volatility index into a folder, in parts that a price-file reader takes as they are, under the name `BTC-DVOL`. */
import * as Deribit from './deribit.ts';
import type { Http } from './http.ts';
import * as Parts from './parts.ts';

export type HistoryOptions = { readonly partBars?: number; readonly onPart?: (done: number, total: number) => void };

/** Six pages. */
const PART_BARS = 6000;
/** The asset is a column: a file's name would be read as a pair. */
const HEADER = 'open_time_ms,asset,open,high,low,close';

export async function pull(
  http: Http,
  address: string,
  { asset, stepSeconds, fromMs, toMs }: Deribit.DvolRequest,
  folder: string,
  options: HistoryOptions = {},
): Promise<Parts.Downloaded> {
  const stepMs = stepSeconds * 1000;
  const request = {
    index: `${asset}-DVOL`,
    stepSeconds,
    fromMs: Math.ceil(fromMs / stepMs) * stepMs,
    toMs: Math.floor(Math.min(toMs, http.clock.nowMs()) / stepMs) * stepMs,
    partMs: (options.partBars ?? PART_BARS) * stepMs,
  };
  const fill = async (span: Parts.Span): Promise<Parts.Filled> => {
    const { series, unfinished } = await Deribit.dvol(http, address, { asset, stepSeconds, ...span });
    const { timesMs, open, high, low, close } = series;
    return { rows: Array.from(timesMs, (ms, i) => [ms, series.asset, open[i], high[i], low[i], close[i]].join(',')), unfinished };
  };
  return await Parts.inTime({ folder, stem: `${asset}-DVOL_${stepSeconds}s_deribit` }, HEADER, request, fill, options.onPart);
}
