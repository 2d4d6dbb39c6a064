/**
 * MarketPanel: open, high, low, close and volume of several assets on one even UTC grid, with provenance.
 *
 * A bar that was not observed is `null` in all five arrays: gaps are masked and reported, never invented.
 * Panels are unbalanced: an asset may begin late, end early or have holes. Prices are in `quote`.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';

export const AssetName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$/);

/** What `quality.ts` can find; each kind is explained in `docs/errors.md`. */
export const FindingKind = z.enum([
  'gap',
  'duplicate',
  'non-monotone-time',
  'non-positive-price',
  'ohlc-inconsistent',
  'stale-run',
  'spike-reverted',
  'level-break',
  'unit-change',
  'zero-volume',
  'source-disagreement',
  'unfinished-bar',
  'too-little-history',
]);
export type FindingKind = z.infer<typeof FindingKind>;

/** `fatal` excludes the asset (never the panel) unless a recorded waiver names asset and kind. */
export const QualityFinding = z
  .strictObject({
    asset: AssetName,
    kind: FindingKind,
    severity: z.enum(['note', 'warning', 'fatal']),
    /** Bar time, ISO 8601 UTC. */
    from: z.string(),
    to: z.string(),
    bars: z.int().nonnegative(),
    says: z.string(),
  })
  .readonly();
export type QualityFinding = z.infer<typeof QualityFinding>;

export const Waiver = z.strictObject({ subject: z.string(), kind: z.string(), reason: z.string().min(1) }).readonly();
export type Waiver = z.infer<typeof Waiver>;

const Column = z.array(z.number().nullable()).readonly();

export const Bars = z.strictObject({ open: Column, high: Column, low: Column, close: Column, volume: Column }).readonly();
/** Five columns of one asset, each as long as the grid; volume in whole tokens. */
export type Bars = z.infer<typeof Bars>;

export const PanelSource = z.strictObject({ name: z.string(), sha256: Id, rows: z.int().nonnegative() }).readonly();
export type PanelSource = z.infer<typeof PanelSource>;

export const MarketPanel = z
  .strictObject({
    kind: z.literal('market-panel'),
    id: Id,
    from: z.strictObject({}).readonly(),
    /** Sorted by name. */
    assets: z.array(AssetName).min(1).readonly(),
    quote: z.string(),
    /** Open time of bar 0, ISO 8601 UTC; bar i opens at startsAt + i × stepSeconds and is known at its end. */
    startsAt: z.string(),
    stepSeconds: z.int().positive(),
    length: z.int().positive(),
    bars: z.record(z.string(), Bars).readonly(),
    quality: z.array(QualityFinding).readonly(),
    /** Assets left out by a fatal finding, with the finding's kind. */
    excluded: z.array(z.strictObject({ asset: AssetName, kind: FindingKind, says: z.string() }).readonly()).readonly(),
    waivers: z.array(Waiver).readonly(),
    sources: z.array(PanelSource).readonly(),
    /** True where the bars come from the built-in simulator. Shown wherever the panel shows. */
    simulated: z.boolean(),
  })
  .readonly();
export type MarketPanel = z.infer<typeof MarketPanel>;

/** Open time of bar `index` in milliseconds since 1970. */
export function barTime(panel: Pick<MarketPanel, 'startsAt' | 'stepSeconds'>, index: number): number {
  return Date.parse(panel.startsAt) + index * panel.stepSeconds * 1000;
}

/** End of the last bar: the first moment at which the whole panel is known. ISO 8601 UTC. */
export function endsAt(panel: Pick<MarketPanel, 'startsAt' | 'stepSeconds' | 'length'>): string {
  return new Date(barTime(panel, panel.length)).toISOString();
}
