/**
 * Pyth history: one price a step into a folder. Hermes answers a second of the past with the first update published in or after it, so a row
 * is at its own time of publication; where the feed stood still the same update comes again, and is kept once.
 */
import type { Http } from './http.ts';
import * as Parts from './parts.ts';
import * as Pyth from './pyth.ts';

export type HistoryRequest = {
  readonly asset: string;
  /** 64 hex digits. */
  readonly feed: string;
  readonly stepSeconds: number;
  readonly fromMs: number;
  readonly toMs: number;
};
export type HistoryOptions = { readonly partSteps?: number; readonly onPart?: (done: number, total: number) => void };

/** A step is a request. */
const PART_STEPS = 500;
const HEADER = 'published_at_ms,price_usd,confidence_usd';

export async function pull(
  http: Http,
  address: string,
  wanted: HistoryRequest,
  folder: string,
  options: HistoryOptions = {},
): Promise<Parts.Downloaded> {
  const { asset, feed, stepSeconds, fromMs, toMs } = wanted;
  const stepMs = stepSeconds * 1000;
  const plain = feed.replace(/^0x/, '');
  const request = {
    asset,
    feed: plain,
    stepSeconds,
    fromMs: Math.ceil(fromMs / stepMs) * stepMs,
    // A second that has not been has no price.
    toMs: Math.floor(Math.min(toMs, http.clock.nowMs()) / stepMs) * stepMs,
    partMs: (options.partSteps ?? PART_STEPS) * stepMs,
  };
  const fill = async (span: Parts.Span, before: string | null): Promise<Parts.Filled> => {
    const rows: string[] = [];
    let lastMs = before === null ? Number.NEGATIVE_INFINITY : Number(before.split(',')[0]);
    for (let ms = span.fromMs; ms < span.toMs; ms += stepMs) {
      const [price] = await Pyth.prices(http, address, [plain], ms / 1000);
      const { publishedMs, priceUsd, confidenceUsd } = price!;
      if (publishedMs <= lastMs) continue;
      rows.push([publishedMs, priceUsd, confidenceUsd].join(','));
      lastMs = publishedMs;
    }
    return { rows, unfinished: 0 };
  };
  const place = { folder, stem: `${asset}-USD_${stepSeconds}s_pyth_${plain.slice(0, 8)}` };
  return await Parts.inTime(place, HEADER, request, fill, options.onPart);
}
