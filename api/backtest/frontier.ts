/** Frontiers of the walk-forward proof: what each knob of a rule costs and gives. */
import type { WindowResult } from '../../tuner/backtest/walk.ts';

export type Point = { readonly knob: number; readonly powerUsd: number; readonly badDebtUsd: number; readonly penaltyUsd: number };
/** By rising knob: falling power. */
export type Frontier = readonly Point[];

/** Power: mean of the windows; losses: their sum. */
export function frontierOf(windows: readonly WindowResult[]): Frontier {
  const knobs = [...new Set(windows.map(({ knob }) => knob))].sort((a, b) => a - b);
  return knobs.map((knob) => {
    const own = windows.filter((one) => one.knob === knob);
    const sum = (of: (one: WindowResult) => number) => own.reduce((total, one) => total + of(one), 0);
    return {
      knob,
      powerUsd: sum((one) => one.borrowingPowerUsd) / own.length,
      badDebtUsd: sum((one) => one.badDebtUsd),
      penaltyUsd: sum((one) => one.penaltyUsd),
    };
  });
}

/** Linear between the two knobs around a power; the nearest end outside. */
export function at(frontier: Frontier, powerUsd: number): Pick<Point, 'badDebtUsd' | 'penaltyUsd'> {
  const points = [...frontier].sort((a, b) => a.powerUsd - b.powerUsd);
  const above = points.findIndex((point) => point.powerUsd >= powerUsd);
  if (above <= 0) return above < 0 ? points.at(-1)! : points[0]!;
  const [low, high] = [points[above - 1]!, points[above]!];
  const share = (powerUsd - low.powerUsd) / (high.powerUsd - low.powerUsd || 1);
  const between = (of: (point: Point) => number) => of(low) + share * (of(high) - of(low));
  return { badDebtUsd: between((point) => point.badDebtUsd), penaltyUsd: between((point) => point.penaltyUsd) };
}

export function plot(curves: readonly (readonly [string, Frontier])[]): string {
  const [width, height, left, bottom] = [640, 400, 70, 50];
  const points = curves.flatMap(([, frontier]) => frontier);
  const [lowX, highX] = [Math.min(...points.map(({ powerUsd }) => powerUsd)), Math.max(...points.map(({ powerUsd }) => powerUsd))];
  // Losses span orders of magnitude: a logarithm that reaches zero.
  const scale = (usd: number) => Math.log10(1 + usd / 1e4);
  const highY = Math.max(...points.map(({ badDebtUsd }) => scale(badDebtUsd)), 1);
  const x = (usd: number) => left + ((usd - lowX) / (highX - lowX || 1)) * (width - left - 110);
  const y = (usd: number) => height - bottom - (scale(usd) / highY) * (height - bottom - 40);
  const colours = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed', '#6b7280'];
  const lines = curves.map(([name, frontier], index) => {
    const path = frontier.map(({ powerUsd, badDebtUsd }) => `${x(powerUsd).toFixed(1)},${y(badDebtUsd).toFixed(1)}`).join(' ');
    const colour = colours[index % colours.length];
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/><rect x="${width - 100}" y="${44 + 20 * index}" width="12" height="3" fill="${colour}"/><text x="${width - 82}" y="${50 + 20 * index}" fill="#333">${name}</text>`;
  });
  const ticks = [0, 1e5, 1e6, 1e7, 1e8, 1e9]
    .filter((usd) => scale(usd) <= highY)
    .map((usd) => `<text x="${left - 8}" y="${y(usd) + 4}" text-anchor="end" fill="#666">${usd / 1e6}</text>`);
  const powers = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const usd = lowX + share * (highX - lowX);
    return `<text x="${x(usd)}" y="${height - bottom + 18}" text-anchor="middle" fill="#666">${(usd / 1e6).toFixed(0)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Bad debt over borrowing power, by rule</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" fill="#333">bad debt of all weeks, million USD (logarithmic), over mean borrowing power, million USD</text>`,
    ...ticks,
    ...powers,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}
