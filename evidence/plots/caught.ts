/** Which share of events had been warned of at least so many hours before, by rule, as an SVG. */
const COLOURS = ['#2563eb', '#7c3aed', '#d97706', '#059669', '#0891b2', '#dc2626', '#6b7280', '#a16207'];

export function caught(title: string, windowHours: number, series: readonly (readonly [string, readonly number[]])[]): string {
  const [width, height, left, bottom] = [640, 360, 56, 40];
  const x = (hours: number) => left + (hours / windowHours) * (width - left - 130);
  const y = (share: number) => 24 + (1 - share) * (height - 24 - bottom);
  const hours = Array.from({ length: windowHours }, (_, at) => at + 1);
  const lines = series.flatMap(([name, leads], index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const share = (least: number) => leads.filter((lead) => lead >= least).length / leads.length;
    const points = hours.map((least) => `${x(least).toFixed(1)},${y(share(least)).toFixed(1)}`).join(' ');
    return [
      `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${width - 122}" y="${40 + 18 * index}" fill="${colour}">${name}</text>`,
    ];
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) => `<text x="${left - 8}" y="${(y(share) + 4).toFixed(1)}" text-anchor="end" fill="#666">${100 * share} %</text>`,
  );
  const marks = [1, 6, 12, 24, 36, 48]
    .filter((mark) => mark <= windowHours)
    .map((mark) => `<text x="${x(mark).toFixed(1)}" y="${height - 22}" text-anchor="middle" fill="#666">${mark}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...ticks,
    ...marks,
    ...lines,
    `<text x="${left}" y="${height - 6}" fill="#333">warned at least so many hours before</text>`,
    '</svg>',
    '',
  ].join('\n');
}
