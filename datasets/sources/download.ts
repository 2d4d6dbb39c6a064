/** Download: candles of one pair from one venue into a folder, in parts that a price-file reader takes as they are. */
import * as Exchange from './exchange.ts';
import type { Http } from './http.ts';
import * as Parts from './parts.ts';

export type Downloaded = Parts.Downloaded & { readonly notes: readonly string[] };

export type DownloadOptions = {
  /** Bars in one part. */
  readonly partBars?: number;
  readonly onPart?: (done: number, total: number) => void;
};

/** 250 days of hours: a dozen pages of Binance, forty of Coinbase. */
const PART_BARS = 6000;
const HEADER = 'open_time_ms,open,high,low,close,volume';

export async function download(
  http: Http,
  exchange: Exchange.Exchange,
  wanted: Exchange.CandleRequest,
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const { asset, quote, stepSeconds, fromMs, toMs } = wanted;
  const stepMs = stepSeconds * 1000;
  const request = {
    venue: exchange.name,
    asset,
    quote,
    stepSeconds,
    fromMs: Math.ceil(fromMs / stepMs) * stepMs,
    toMs: Math.floor(toMs / stepMs) * stepMs,
    partMs: (options.partBars ?? PART_BARS) * stepMs,
  };
  const notes = new Set<string>();
  let skewMs = 0;
  const fill = async (span: Parts.Span): Promise<Parts.Filled> => {
    const rows: string[] = [];
    let unfinished = 0;
    for await (const page of exchange.candles(http, { ...wanted, ...span })) {
      rows.push(...lines(page));
      unfinished += page.unfinished;
      for (const note of page.notes) notes.add(note);
      if (Math.abs(page.skewMs ?? 0) > Math.abs(skewMs)) skewMs = page.skewMs ?? 0;
    }
    return { rows, unfinished };
  };
  const place = { folder, stem: `${asset}-${quote}_${stepSeconds}s_${exchange.name}` };
  const done = await Parts.inTime(place, HEADER, request, fill, options.onPart);
  return { ...done, notes: [...Exchange.clockNotes(exchange.name, skewMs), ...notes] };
}

function lines({ series: { timesMs, open, high, low, close, volume } }: Exchange.Page): string[] {
  return Array.from(timesMs, (time, i) => [time, open[i], high[i], low[i], close[i], volume[i]].join(','));
}
