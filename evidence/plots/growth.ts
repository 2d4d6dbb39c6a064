/** How seconds grow with size, as an SVG. */
export type Point = { readonly size: number; readonly seconds: number };

/** Seconds over size, both relative to the smallest, on logarithmic axes; the dashed line is proportion. */
export function growth(title: string, series: readonly (readonly [string, readonly Point[]])[]): string {
  const [width, height, left] = [560, 360, 60];
  const x = (ratio: number) => left + (Math.log2(ratio) / 4) * (width - left - 120);
  const y = (ratio: number) => height - 40 - (Math.log2(Math.max(ratio, 0.8)) / 4) * (height - 70);
  const colours = ['#2563eb', '#d97706', '#059669', '#dc2626'];
  const parts = series.map(([name, points], index) => {
    const spots = points.map(({ size, seconds }) => [x(size / points[0]!.size), y(seconds / points[0]!.seconds)] as const);
    const [endX, endY] = spots.at(-1)!;
    const dots = spots.map(([cx, cy]) => `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3" fill="${colours[index]}"/>`).join('');
    const line = spots.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
    return `<polyline points="${line}" fill="none" stroke="${colours[index]}" stroke-width="2"/>${dots}<text x="${(endX + 8).toFixed(1)}" y="${(endY + 4).toFixed(1)}" fill="${colours[index]}">${name}</text>`;
  });
  const ticks = [1, 2, 4, 8, 16].map(
    (ratio) =>
      `<text x="${x(ratio)}" y="${height - 22}" text-anchor="middle" fill="#666">×${ratio}</text><text x="${left - 8}" y="${y(ratio) + 4}" text-anchor="end" fill="#666">×${ratio}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<line x1="${x(1)}" y1="${y(1)}" x2="${x(16)}" y2="${y(16)}" stroke="#999" stroke-dasharray="4 4"/>`,
    ...ticks,
    ...parts,
    `<text x="${left}" y="18" fill="#333">processor seconds over size, both relative to the smallest</text>`,
    '</svg>',
    '',
  ].join('\n');
}
