/**
 * The frontier: expected shortfall of bad debt to the right, borrowing power upwards. Plans that no other beats are joined by
 * steps; today's and the recommended parameters stand on the same picture; whiskers are the errors of the difference to today.
 */
import { useCallback } from 'preact/hooks';
import type uPlot from 'uplot';
import { axis, Chart, type Draw } from './chart.tsx';
import { bps, change, count, percent, usd } from './format.ts';
import type { FrontierPoint, FrontierStanding, Frontier as Traced } from './page.ts';

type Named = { readonly name: string; readonly point: FrontierPoint; readonly kind: 'today' | 'recommended' | 'plan' };

export function Frontier({ frontier, theme }: { frontier: Traced; theme: string }) {
  const draw: Draw = useCallback((size, ink) => picture(frontier, size, ink), [frontier]);
  const readout = useCallback((index: number) => spoken(frontier, index), [frontier]);
  const { today, recommended, points, paths, level } = frontier;
  return (
    <section id="frontier" aria-labelledby="frontier-title">
      <header class="title">
        <h2 id="frontier-title">Frontier</h2>
        <p class="key">
          borrowing power against expected shortfall of bad debt, {percent(level, 0)}, {count(paths)} paths ·{' '}
          <span class="solid">plans that no other beats</span>
        </p>
      </header>
      {points.length === 0 ? (
        <p class="empty">{frontier.says}</p>
      ) : (
        <div class="pair">
          <div class="charted">
            <Chart
              theme={theme}
              draw={draw}
              readout={readout}
              says={`Efficient frontier. Today ${usd(today.borrowingPowerUsd)} of borrowing power for an expected shortfall of ${usd(today.expectedShortfallUsd)}; recommended ${usd(recommended.borrowingPowerUsd)} for ${usd(recommended.expectedShortfallUsd)}`}
            />
          </div>
          <div>
            <Table frontier={frontier} />
            <p>
              {reach('today’s parameters', today)} {reach('the recommended ones', recommended)}
            </p>
            <p class="quiet">{frontier.says} ± is one standard error of the difference on shared paths.</p>
            <details>
              <summary>LTV of every plan, %</summary>
              <dl class="facts stacked">
                {namedOf(frontier).map(({ name, point }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{ltvs(point)}</dd>
                  </div>
                ))}
              </dl>
            </details>
          </div>
        </div>
      )}
    </section>
  );
}

function Table({ frontier }: { frontier: Traced }) {
  return (
    <table class="figures">
      <caption>Budget of the whole loss {usd(frontier.budgetUsd)}</caption>
      <thead>
        <tr>
          <th scope="col">Plan</th>
          <th scope="col" class="num">
            Power
          </th>
          <th scope="col" class="num wide">
            Change
          </th>
          <th scope="col" class="num">
            Shortfall
          </th>
          <th scope="col" class="num">
            Less today’s
          </th>
        </tr>
      </thead>
      <tbody>
        {namedOf(frontier).map(({ name, point, kind }) => (
          <tr key={name} class={kind === 'plan' ? '' : 'is-now'}>
            <th scope="row">
              {name}
              {!point.efficient && <span class="quiet"> beaten</span>}
            </th>
            <td class="num">{usd(point.borrowingPowerUsd)}</td>
            <td class="num wide">{change(frontier.today.borrowingPowerUsd, point.borrowingPowerUsd)}</td>
            <td class="num">{usd(point.expectedShortfallUsd)}</td>
            <td class="num">{kind === 'today' ? '' : `${usd(point.changeUsd)} ± ${usd(point.changeStandardErrorUsd)}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function reach(whose: string, { reachUsd, borrowingPowerUsd }: FrontierStanding): string {
  if (reachUsd === null || reachUsd <= borrowingPowerUsd) return `No plan has more power than ${whose} without more shortfall.`;
  return `A plan has ${usd(reachUsd - borrowingPowerUsd)} more power than ${whose} with no more shortfall.`;
}

function ltvs({ haircutBps }: FrontierPoint): string {
  return Object.entries(haircutBps)
    .map(([asset, haircut]) => `${asset} ${bps(10_000 - haircut)}`)
    .join(', ');
}

function namedOf({ today, recommended, points }: Traced): readonly Named[] {
  return [
    { name: 'Today', point: today, kind: 'today' },
    { name: 'Recommended', point: recommended, kind: 'recommended' },
    ...[...points].reverse().map((point, index): Named => ({ name: `Plan ${index + 1}`, point, kind: 'plan' })),
  ];
}

/** What the picture's x axis walks through, left to right. */
function ordered(frontier: Traced): readonly Named[] {
  return [...namedOf(frontier)].sort((a, b) => a.point.expectedShortfallUsd - b.point.expectedShortfallUsd);
}

function spoken(frontier: Traced, index: number): string {
  const found = ordered(frontier)[index];
  return found === undefined ? '' : `${found.name}: ${usd(found.point.borrowingPowerUsd)} for ${usd(found.point.expectedShortfallUsd)}`;
}

function picture(frontier: Traced, size: { width: number; height: number }, ink: (name: string) => string) {
  const all = ordered(frontier);
  const column = (show: (named: Named) => boolean) => all.map((named) => (show(named) ? named.point.borrowingPowerUsd : null));
  const data = [
    all.map(({ point }) => point.expectedShortfallUsd),
    column(({ kind, point }) => kind === 'plan' && point.efficient),
    column(({ kind, point }) => kind === 'plan' && !point.efficient),
    column(({ kind }) => kind === 'today'),
    column(({ kind }) => kind === 'recommended'),
  ];
  const most = Math.max(frontier.budgetUsd, ...all.map(({ point }) => point.expectedShortfallUsd)) * 1.08;
  const powers = all.map(({ point }) => point.borrowingPowerUsd);
  const [low, high] = [Math.min(...powers), Math.max(...powers)];
  const room = (high - low || high || 1) * 0.08;
  const dots = (name: string, width: number): uPlot.Series => ({
    label: name,
    stroke: ink(name),
    width: 0,
    paths: () => null,
    points: { show: true, size: width, fill: ink(name), stroke: ink(name) },
  });
  const options: uPlot.Options = {
    ...size,
    padding: [10, 18, 0, 0],
    scales: { x: { time: false, range: [0, most] }, y: { range: [low - room, high + room] } },
    axes: [
      { ...axis(ink), size: 28, space: 80, values: (_, ticks) => ticks.map((tick) => usd(tick)) },
      { ...axis(ink), size: 62, values: (_, ticks) => ticks.map((tick) => usd(tick)) },
    ],
    series: [
      {},
      { ...dots('--deep', 6), label: 'plans' },
      { ...dots('--water-2', 5), label: 'beaten' },
      { ...dots('--ink-2', 10), label: 'today' },
      { ...dots('--moved', 10), label: 'recommended' },
    ],
    hooks: { draw: [(plot) => overlay(plot, frontier, ink)] },
  };
  return { options, data: data as uPlot.AlignedData };
}

/** Steps between plans, whiskers, the budget, and the two names. */
function overlay(plot: uPlot, { today, recommended, points, budgetUsd }: Traced, ink: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const x = (usdValue: number) => plot.valToPos(usdValue, 'x', true);
  const y = (usdValue: number) => plot.valToPos(usdValue, 'y', true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.5 * ratio;
  ctx.font = `${12 * ratio}px "Barlow Semi Condensed", system-ui, sans-serif`;
  ctx.strokeStyle = ink('--deep');
  ctx.beginPath();
  points
    .filter(({ efficient }) => efficient)
    .forEach((point, index) => {
      if (index === 0) ctx.moveTo(x(point.expectedShortfallUsd), y(point.borrowingPowerUsd));
      else {
        ctx.lineTo(x(point.expectedShortfallUsd), plot.valToPos(previous(points, index).borrowingPowerUsd, 'y', true));
        ctx.lineTo(x(point.expectedShortfallUsd), y(point.borrowingPowerUsd));
      }
    });
  ctx.stroke();
  ctx.lineWidth = ratio;
  for (const [point, colour] of [...points.map((one) => [one, '--water-2'] as const), [recommended, '--moved'] as const]) {
    const half = point.changeStandardErrorUsd;
    ctx.strokeStyle = ink(colour);
    ctx.beginPath();
    ctx.moveTo(x(Math.max(0, point.expectedShortfallUsd - half)), y(point.borrowingPowerUsd));
    ctx.lineTo(x(point.expectedShortfallUsd + half), y(point.borrowingPowerUsd));
    ctx.stroke();
  }
  ctx.strokeStyle = ctx.fillStyle = ink('--bad');
  ctx.beginPath();
  ctx.moveTo(x(budgetUsd), bbox.top);
  ctx.lineTo(x(budgetUsd), bbox.top + bbox.height);
  ctx.stroke();
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.fillText(`budget ${usd(budgetUsd)}`, x(budgetUsd) + 5 * ratio, bbox.top + bbox.height - 6 * ratio);
  for (const [point, name, colour, down] of [
    [today, 'today', '--ink-2', -9],
    [recommended, 'recommended', '--moved', 15],
  ] as const) {
    const right = x(point.expectedShortfallUsd);
    const flip = right > bbox.left + bbox.width * 0.75;
    ctx.fillStyle = ink(colour);
    ctx.textAlign = flip ? 'right' : 'left';
    ctx.fillText(name, right + (flip ? -9 : 9) * ratio, y(point.borrowingPowerUsd) + down * ratio);
  }
  ctx.restore();
}

function previous(points: readonly FrontierPoint[], index: number): FrontierPoint {
  return points.filter(({ efficient }) => efficient)[index - 1]!;
}
