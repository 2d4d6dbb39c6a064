/**
 * Finer bars from coarse ones, nothing invented beyond an order: within a bar the price goes in straight lines from the open to the nearer
 * extreme first (the low of a bar that rose, the high of one that fell), to the other, to the close, a third of the bar each. Every recorded
 * extreme is visited; how an hour really went between them is not known, and assets' extremes fall on the same minute, which is harsh.
 */
import { PlimsollError } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import { barTime, type MarketPanel } from './panel.ts';

type Bars = MarketPanel['bars'][string];

/** A bar whose high or low was one venue's single print: `factor` and more beyond both its open and its close. */
export type Print = {
  readonly asset: string;
  readonly at: string;
  readonly open: number;
  readonly close: number;
  readonly extreme: number;
};

/** Cuts such an extreme back to the bar's open and close, and says which: a feed that takes the middle of many venues never saw it. */
export function withoutPrints(panel: MarketPanel, factor: number): { readonly panel: MarketPanel; readonly prints: readonly Print[] } {
  const prints: Print[] = [];
  const cut = (asset: string, { open, high, low, close, volume }: Bars): Bars => {
    const ends = (bar: number) => [open[bar], close[bar]].filter((price) => price != null);
    const within = (list: Bars['high'], limit: (ends: number[]) => number, isBeyond: (extreme: number, limit: number) => boolean) =>
      list.map((extreme, bar) => {
        if (extreme == null || ends(bar).length < 2) return extreme;
        const body = limit(ends(bar));
        if (!isBeyond(extreme, body)) return extreme;
        prints.push({ asset, at: new Date(barTime(panel, bar)).toISOString(), open: open[bar]!, close: close[bar]!, extreme });
        return body;
      });
    return {
      ...{ open, close, volume },
      high: within(
        high,
        (both) => Math.max(...both),
        (extreme, body) => extreme >= factor * body,
      ),
      low: within(
        low,
        (both) => Math.min(...both),
        (extreme, body) => extreme * factor <= body,
      ),
    };
  };
  const { id: _, ...rest } = panel;
  const bars = Object.fromEntries(Object.entries(panel.bars).map(([asset, one]) => [asset, cut(asset, one)]));
  return { panel: seal({ ...rest, bars }), prints };
}

/** `parts` bars for one, a multiple of 3. A missing bar stays missing. */
export function refine(panel: MarketPanel, parts: number): MarketPanel {
  if (!(Number.isInteger(parts) && parts > 0 && parts % 3 === 0 && panel.stepSeconds % parts === 0)) {
    throw new BadPartsError({
      got: `${parts} parts of ${panel.stepSeconds} s`,
      needed: 'a multiple of 3 that divides the step into whole seconds',
      where: 'parts',
    });
  }
  const { id: _, ...rest } = panel;
  return seal({
    ...rest,
    stepSeconds: panel.stepSeconds / parts,
    length: panel.length * parts,
    bars: Object.fromEntries(Object.entries(panel.bars).map(([asset, bars]) => [asset, refineBars(bars, parts)])),
  });
}

function refineBars(bars: Bars, parts: number): Bars {
  const finer = { open: [], high: [], low: [], close: [], volume: [] } as { [key in keyof Bars]: (number | null)[] };
  bars.close.forEach((close, bar) => {
    const [open, high, low, volume] = [bars.open[bar], bars.high[bar], bars.low[bar], bars.volume[bar]];
    if (close === null || open == null || high == null || low == null) {
      for (const list of Object.values(finer)) list.push(...Array.from({ length: parts }, () => null));
      return;
    }
    const knots = close >= open ? [open, low, high, close] : [open, high, low, close];
    const at = (part: number) => {
      const leg = Math.min(2, Math.floor((3 * part) / parts));
      const share = (3 * part) / parts - leg;
      return share === 1 ? knots[leg + 1]! : knots[leg]! + share * (knots[leg + 1]! - knots[leg]!);
    };
    for (let part = 0; part < parts; part += 1) {
      const [from, to] = [at(part), at(part + 1)];
      finer.open.push(from);
      finer.close.push(to);
      finer.high.push(Math.max(from, to));
      finer.low.push(Math.min(from, to));
      finer.volume.push(volume == null ? null : volume / parts);
    }
  });
  return finer;
}

export class BadPartsError extends PlimsollError {
  override readonly name = 'Refine.BadPartsError';
}
