/**
 * How long the law of many assets takes to fit, and how that grows: `npm run evidence -- fit`, four minutes. Writes docs/evidence/speed-fit.md and .svg.
 *
 * Simulated hourly bars: GJR with t errors, a third of each asset's shocks shared by all, so that there are regimes and correlations to find. No forecaster; its training is timed apart, on
 * the built-in market.
 */
import { writeFileSync } from 'node:fs';
import { seal } from '../base/id.ts';
import { PURPOSE } from '../base/random.ts';
import { align } from '../datasets/align.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import * as Fit from '../models/fit.ts';
import * as Garch from '../models/garch.ts';
import { growth, type Point } from './plots/growth.ts';

const OUT = 'docs/evidence/speed-fit';
const HOURS_PER_YEAR = 8_766;
const MOST_ASSETS = 50;
const MOST_YEARS = 3;
const TRUTH = { mu: 0, omega: 0.01, alpha: 0.06, gamma: 0.03, beta: 0.9, nu: 5, lambda: null };
const SHARED = Math.sqrt(1 / 3);

const hours = MOST_YEARS * HOURS_PER_YEAR;
const shocks = Array.from({ length: MOST_ASSETS + 1 }, (_, path) =>
  Garch.simulate(TRUTH, hours, { seed: 21, purpose: PURPOSE.sampleMarket, path }),
);

const read = sampleMarket(1);
const sample = align(read.series, { quote: read.quote, sources: read.sources, simulated: true });

const whole = await seconds(MOST_ASSETS, MOST_YEARS);
const byAssets = [...(await points([6, 12, 25], (assets) => seconds(assets, MOST_YEARS))), { size: MOST_ASSETS, seconds: whole }];
const byYears = [...(await points([1, 2], (years) => seconds(MOST_ASSETS, years))), { size: MOST_YEARS, seconds: whole }];
const [without, with_] = [await timed(sample, false), await timed(sample, true)];

const row = (says: string, all: readonly Point[]) => {
  const [last, before] = [all.at(-1)!, all.at(-2)!];
  const exponent = Math.log(last.seconds / before.seconds) / Math.log(last.size / before.size);
  return `| ${says} | ${all.map(({ size }) => size).join(', ')} | ${all.map(({ seconds: s }) => s.toFixed(1)).join(', ')} | ${exponent.toFixed(2)} |`;
};
writeFileSync(
  `${OUT}.md`,
  `# How long a law takes to fit

Made by \`npm run evidence -- fit\`: simulated hourly bars, one thread, seconds on the clock. The whole law: volatility of each asset with standard errors, regimes, dynamic correlation, correlation by regime, copula, margins; no forecaster.

| what | measured |
|---|---|
| ${MOST_ASSETS} assets × ${MOST_YEARS} years of hours (goal: under 60 s on two cores) | ${whole.toFixed(1)} s |
| the built-in market, ${sample.assets.length} assets × ${sample.length} hours, without the forecaster | ${without.toFixed(1)} s |
| the same with the forecaster trained on it | ${with_.toFixed(1)} s |

| | sizes | seconds | exponent of the last step |
|---|---|---|---|
${row(`assets, ${MOST_YEARS} years`, byAssets)}
${row(`years, ${MOST_ASSETS} assets`, byYears)}

![Growth with assets and years](speed-fit.svg)
`,
);
writeFileSync(
  `${OUT}.svg`,
  growth('Growth of a fit', [
    ['assets', byAssets],
    ['years', byYears],
  ]),
);
process.stderr.write(`fit  ${OUT}.md written\n`);

async function points(sizes: readonly number[], of: (size: number) => Promise<number>): Promise<Point[]> {
  const out: Point[] = [];
  for (const size of sizes) out.push({ size, seconds: await of(size) });
  return out;
}

async function seconds(assets: number, years: number): Promise<number> {
  const took = await timed(panelOf(assets, years * HOURS_PER_YEAR), false);
  process.stderr.write(`fit  ${assets} assets × ${years} years: ${took.toFixed(1)} s\n`);
  return took;
}

async function timed(panel: MarketPanel, forecaster: boolean): Promise<number> {
  const began = performance.now();
  await Fit.fit(panel, { seed: 1, forecaster });
  return (performance.now() - began) / 1000;
}

/** The newest hours of the first assets; a close is enough for a law. */
function panelOf(count: number, length: number): MarketPanel {
  const names = Array.from({ length: count }, (_, index) => `A${String(index).padStart(2, '0')}`);
  const bars = Object.fromEntries(
    names.map((name, index) => {
      let level = Math.log(100);
      const close = Array.from({ length }, (_, t) => {
        const at = hours - length + t;
        level += (SHARED * shocks[MOST_ASSETS]![at]! + Math.sqrt(1 - SHARED * SHARED) * shocks[index]![at]!) / 100;
        return Math.exp(level);
      });
      return [name, { open: close, high: close, low: close, close, volume: close.map(() => 1e6) }];
    }),
  );
  const { id: _, ...shape } = sample;
  return seal({
    ...{ ...shape, assets: names, bars, length, stepSeconds: 3_600, startsAt: '2021-01-01T00:00:00.000Z' },
    ...{ quality: [], excluded: [], waivers: [], sources: [] },
  });
}
