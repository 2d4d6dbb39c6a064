/** A frontier as an SVG: expected shortfall to the right, borrowing power upwards, the plans nobody beats joined by steps. */
import type { Frontier, FrontierPoint } from '../../tuner/frontier.ts';
import { usd } from './terminal.ts';

const WIDTH = 960;
const HEIGHT = 520;
const LEFT = 96;
const RIGHT = 40;
const TOP = 48;
const BOTTOM = 64;
const TICKS = 4;

export function svg({ today, recommended, points, budgetUsd, level, paths, says }: Frontier): string {
  const all = [today, recommended, ...points];
  const most = Math.max(budgetUsd, ...all.map(({ expectedShortfallUsd }) => expectedShortfallUsd)) * 1.05 || 1;
  const powers = all.map(({ borrowingPowerUsd }) => borrowingPowerUsd);
  const [low, high] = [Math.min(...powers), Math.max(...powers)];
  const room = (high - low || high || 1) * 0.06;
  const x = (value: number) => LEFT + ((WIDTH - LEFT - RIGHT) * value) / most;
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (value - low + room)) / (high - low + 2 * room);
  const at = (point: FrontierPoint) => [x(point.expectedShortfallUsd).toFixed(1), y(point.borrowingPowerUsd).toFixed(1)] as const;
  const best = points.filter(({ efficient }) => efficient);
  const steps = best.map((point, index) => {
    const [right, up] = at(point);
    return index === 0 ? `M${right} ${up}` : `H${right}V${up}`;
  });
  const dot = (point: FrontierPoint) => {
    const [right, up] = at(point);
    return `<circle cx="${right}" cy="${up}" r="4" fill="${point.efficient ? '#0f5a78' : '#b3bec4'}"/>`;
  };
  const marked = (point: FrontierPoint, label: string, colour: string) => {
    const [right, up] = at(point);
    const flip = Number(right) > WIDTH * 0.7;
    return [
      `<rect x="${(Number(right) - 6).toFixed(1)}" y="${(Number(up) - 6).toFixed(1)}" width="12" height="12" fill="${colour}"/>`,
      `<text x="${(Number(right) + (flip ? -12 : 12)).toFixed(1)}" y="${(Number(up) + 22).toFixed(1)}" fill="${colour}" text-anchor="${flip ? 'end' : 'start'}">${label}: ${usd(point.borrowingPowerUsd)} for ${usd(point.expectedShortfallUsd)}</text>`,
    ];
  };
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => index / TICKS);
  const title = `Borrowing power against expected shortfall of bad debt at ${(100 * level).toFixed(0)} %, ${paths} paths`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" role="img">`,
    `<title>${title}. Today ${usd(today.borrowingPowerUsd)} for ${usd(today.expectedShortfallUsd)}, recommended ${usd(recommended.borrowingPowerUsd)} for ${usd(recommended.expectedShortfallUsd)}. ${escaped(says)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="26" font-size="15">${title}</text>`,
    ...ticks.flatMap((share) => {
      const [right, up] = [x(most * share), y(low + (high - low) * share)];
      return [
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${up.toFixed(1)}" y2="${up.toFixed(1)}" stroke="#e3e8eb"/>`,
        `<text x="${LEFT - 10}" y="${(up + 4).toFixed(1)}" text-anchor="end">${usd(low + (high - low) * share)}</text>`,
        `<text x="${right.toFixed(1)}" y="${HEIGHT - BOTTOM + 22}" text-anchor="middle">${usd(most * share)}</text>`,
      ];
    }),
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 14}" text-anchor="end">expected shortfall of bad debt</text>`,
    `<line x1="${x(budgetUsd).toFixed(1)}" x2="${x(budgetUsd).toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#ad1f16"/>`,
    `<text x="${(x(budgetUsd) + 6).toFixed(1)}" y="${HEIGHT - BOTTOM - 8}" fill="#ad1f16">budget ${usd(budgetUsd)}</text>`,
    ...(steps.length === 0 ? [] : [`<path fill="none" stroke="#0f5a78" stroke-width="1.5" d="${steps.join('')}"/>`]),
    ...points.map(dot),
    ...marked(today, 'today', '#4c5e69'),
    ...marked(recommended, 'recommended', '#a30f5c'),
    '</svg>',
  ].join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
