/** A path as an SVG: prices of the assets that somebody was liquidated in as multiples of the start, and what was repaid by step. */
import type { PathStory } from '../../tuner/stress/path.ts';

const WIDTH = 960;
const HEIGHT = 480;
const LEFT = 56;
const RIGHT = 140;
const TOP = 32;
/** The lower quarter is for what was repaid. */
const PRICES_END = 340;
const BARS_START = 364;
const BARS_END = 448;
const MOST_LINES = 8;
const COLOURS = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7', '#a463f2', '#97bbf5'];

export function svg(story: PathStory): string {
  const { steps, prices, events } = story;
  const touched = new Set(events.flatMap((event) => [event.collateral, event.debt, event.asset].filter((asset) => asset !== undefined)));
  const moving = prices.filter(({ startUsd, referenceUsd }) => referenceUsd.some((usd) => usd !== startUsd));
  const shown = [...moving.filter(({ asset }) => touched.has(asset)), ...moving.filter(({ asset }) => !touched.has(asset))].slice(
    0,
    MOST_LINES,
  );
  const multiples = shown.flatMap(({ startUsd, referenceUsd, oracleUsd }) => [...referenceUsd, ...oracleUsd].map((usd) => usd / startUsd));
  const low = Math.min(1, ...multiples);
  const high = Math.max(1, ...multiples);
  const reach = high - low || 1;
  const x = (step: number) => LEFT + ((WIDTH - LEFT - RIGHT) * step) / Math.max(steps, lastStep(story));
  const y = (multiple: number) => PRICES_END - ((PRICES_END - TOP) * (multiple - low)) / reach;
  const line = (values: readonly number[], startUsd: number) =>
    [1, ...values.map((usd) => usd / startUsd)].map((multiple, step) => `${x(step).toFixed(1)},${y(multiple).toFixed(1)}`).join(' ');
  const repaid = new Map<number, number>();
  for (const event of events) {
    if (event.kind === 'liquidation') repaid.set(event.step, (repaid.get(event.step) ?? 0) + event.repaidUsd!);
  }
  const tallest = Math.max(0, ...repaid.values());
  const lines = shown.flatMap(({ asset, startUsd, referenceUsd, oracleUsd }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${line(referenceUsd, startUsd)}"/>`,
      `<polyline fill="none" stroke="${colour}" stroke-width="1" stroke-dasharray="3 3" points="${line(oracleUsd, startUsd)}"/>`,
      `<text x="${WIDTH - RIGHT + 8}" y="${TOP + 10 + 18 * index}" fill="${colour}">${escaped(asset)} ${((referenceUsd.at(-1) ?? startUsd) / startUsd).toFixed(3)}</text>`,
    ];
  });
  const bars = [...repaid].map(([step, usd]) => {
    const height = (BARS_END - BARS_START) * (usd / tallest);
    return `<rect x="${(x(step) - 2).toFixed(1)}" y="${(BARS_END - height).toFixed(1)}" width="4" height="${height.toFixed(1)}" fill="#9498a0"/>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20">Path ${story.path}: prices over the start (dashed: oracle); below, USD repaid by step</text>`,
    ...[low, 1, high].map((level) => `<text x="8" y="${(y(level) + 4).toFixed(1)}">${level.toFixed(2)}</text>`),
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(1).toFixed(1)}" y2="${y(1).toFixed(1)}" stroke="#d0d0d0"/>`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${BARS_END}" y2="${BARS_END}" stroke="#d0d0d0"/>`,
    `<text x="8" y="${BARS_START + 8}">${Math.round(tallest).toLocaleString('en-US')}</text>`,
    `<text x="${LEFT}" y="${HEIGHT - 12}">step 0</text>`,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 12}" text-anchor="end">step ${Math.max(steps, lastStep(story))}</text>`,
    ...lines,
    ...bars,
    '</svg>',
  ].join('\n')}\n`;
}

/** Run-off goes on after the horizon where somebody still stands below the line. */
function lastStep({ events }: PathStory): number {
  return events.reduce((last, { step }) => Math.max(last, step), 0);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
