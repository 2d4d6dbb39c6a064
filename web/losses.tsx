/**
 * Losses before and after on the same paths: the chance of losing more than x, both scales logarithmic, with the budget
 * and the tail level drawn in; then the figures; then the named crashes.
 */
import { useCallback } from 'preact/hooks';
import type uPlot from 'uplot';
import { axis, Chart, type Draw } from './chart.tsx';
import { Comparison, type Figure } from './comparison.tsx';
import { change, count, percent, usd } from './format.ts';
import type { LossHistogram, LossSummary, NamedResult, Result } from './page.ts';

export function Losses({ result, theme }: { result: Result; theme: string }) {
  const { recommendation, losses } = result;
  const { before, after } = recommendation;
  const draw: Draw = useCallback((size, ink) => picture(losses, before, size, ink), [losses, before]);
  const readout = useCallback((index: number) => spoken(losses, before.paths, index), [losses, before.paths]);
  const hours = (result.scenarios.steps * result.scenarios.stepSeconds) / 3_600;
  const drawable = losses.edgesUsd.length > 1;
  return (
    <section id="losses" class="charted" aria-labelledby="losses-title">
      <header class="title">
        <h2 id="losses-title">Losses over {count(hours)} h</h2>
        <p class="key">
          chance of losing more than x on {count(before.paths)} paths · <span class="dashed">today’s</span> ·{' '}
          <span class="solid">recommended</span>
        </p>
      </header>
      {drawable ? (
        <Chart
          theme={theme}
          draw={draw}
          readout={readout}
          says={`Exceedance curves of the loss. Expected shortfall at ${percent(before.level, 0)}: ${usd(before.expectedShortfallUsd)} today, ${usd(after.expectedShortfallUsd)} recommended; budget ${usd(before.budgetUsd)}`}
        />
      ) : (
        <p class="empty">No path loses anything, before or after. There is no curve to draw.</p>
      )}
      <Figures before={before} after={after} />
    </section>
  );
}

function Figures({ before, after }: { before: LossSummary; after: LossSummary }) {
  const level = percent(before.level, before.level >= 0.99 && before.level * 100 !== Math.round(before.level * 100) ? 1 : 0);
  const figures: readonly Figure<LossSummary>[] = [
    [`Expected shortfall, ${level}`, (s) => s.expectedShortfallUsd, usd],
    [`Value at risk, ${level}`, (s) => s.valueAtRiskUsd, usd],
    ['Mean loss', (s) => s.meanUsd, usd],
    ['Worst path', (s) => s.worstUsd, usd],
    ['P(loss > budget), 95 % upper bound', (s) => s.overBudgetProbabilityUpper, (value) => percent(value, 2)],
    ['Liquidated, mean', (s) => s.meanLiquidatedUsd, usd],
    ['Penalties paid by borrowers, mean', (s) => s.meanPenaltyUsd, usd],
    ['Accounts liquidated, mean', (s) => s.meanLiquidatedAccounts, count],
    ['Margin shortfall, mean', (s) => s.meanMarginShortfallUsd, usd],
  ];
  const errors = `${usd(before.expectedShortfallStandardErrorUsd)} today, ${usd(after.expectedShortfallStandardErrorUsd)} recommended`;
  return (
    <Comparison
      caption={`Budget ${usd(before.budgetUsd)}; expected shortfall ± one standard error: ${errors}`}
      sides={['Today', 'Recommended']}
      figures={figures}
      before={before}
      after={after}
    />
  );
}

export function Crashes({ result }: { result: Result }) {
  const { namedBefore, namedAfter } = result.recommendation;
  const after = new Map(namedAfter.map((crash) => [crash.name, crash]));
  const worst = Math.max(1, ...[...namedBefore, ...namedAfter].map(lossOf));
  return (
    <section id="crashes" aria-labelledby="crashes-title">
      <header class="title">
        <h2 id="crashes-title">Named crashes</h2>
        <p class="key">bad debt and margin shortfall if this happened to today’s book</p>
      </header>
      {namedBefore.length === 0 ? (
        <p class="empty">No named scenario was run.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Scenario</th>
              <th scope="col" class="num">
                Today
              </th>
              <th scope="col" class="num">
                Recommended
              </th>
              <th scope="col" class="num">
                Change
              </th>
              <th scope="col" class="num wide">
                Liquidated
              </th>
            </tr>
          </thead>
          <tbody>
            {namedBefore.map((crash) => (
              <Crash key={crash.name} before={crash} after={after.get(crash.name) ?? crash} worst={worst} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Crash({ before, after, worst }: { before: NamedResult; after: NamedResult; worst: number }) {
  return (
    <tr>
      <th scope="row">
        {before.name}
        <svg class="bars" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect class="bar-before" width={(lossOf(before) / worst) * 100} height="2.4" />
          <rect class="bar-after" y="3.2" width={(lossOf(after) / worst) * 100} height="2.4" />
        </svg>
      </th>
      <td class="num">{usd(lossOf(before))}</td>
      <td class="num">{usd(lossOf(after))}</td>
      <td class="num">{change(lossOf(before), lossOf(after))}</td>
      <td class="num wide">{usd(after.liquidatedUsd)}</td>
    </tr>
  );
}

export function lossOf({ badDebtUsd, marginShortfallUsd }: NamedResult): number {
  return badDebtUsd + marginShortfallUsd;
}

/** P(loss > edge) at every edge, from counts above it; null where no path is left, so that the line ends there. */
function exceedance({ counts }: LossHistogram['before'], edges: readonly number[], paths: number): (number | null)[] {
  const chances: (number | null)[] = new Array<number | null>(edges.length).fill(null);
  let above = 0;
  for (let edge = edges.length - 2; edge >= 0; edge -= 1) {
    above += counts[edge] ?? 0;
    chances[edge] = above === 0 ? null : above / paths;
  }
  return chances;
}

function picture(losses: LossHistogram, summary: LossSummary, size: { width: number; height: number }, ink: (name: string) => string) {
  const edges = [...losses.edgesUsd];
  const data = [edges, exceedance(losses.before, edges, summary.paths), exceedance(losses.after, edges, summary.paths)];
  const floor = 0.7 / summary.paths;
  const tail = 1 - summary.level;
  const options: uPlot.Options = {
    ...size,
    padding: [10, 14, 0, 0],
    scales: {
      x: { time: false, distr: 3, range: [edges[0]!, Math.max(edges.at(-1)!, summary.budgetUsd * 1.3)] },
      y: { distr: 3, range: [floor, 1] },
    },
    axes: [
      { ...decades(ink), size: 28, space: 60, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : round(tick))) },
      {
        ...decades(ink),
        size: 52,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : `${Number((tick * 100).toPrecision(1))} %`)),
      },
    ],
    series: [
      {},
      { label: 'today', stroke: ink('--ink-2'), width: 1.5, dash: [5, 4], points: { show: false } },
      { label: 'recommended', stroke: ink('--deep'), width: 2.25, points: { show: false } },
    ],
    hooks: {
      draw: [
        (plot) => {
          const budget = plot.valToPos(summary.budgetUsd, 'x', true);
          const level = plot.valToPos(tail, 'y', true);
          const { ctx, bbox } = plot;
          const ratio = devicePixelRatio;
          ctx.save();
          ctx.lineWidth = 1.25 * ratio;
          ctx.textBaseline = 'alphabetic';
          ctx.font = `${12 * ratio}px "Barlow Semi Condensed", system-ui, sans-serif`;
          ctx.strokeStyle = ctx.fillStyle = ink('--bad');
          ctx.beginPath();
          ctx.moveTo(budget, bbox.top);
          ctx.lineTo(budget, bbox.top + bbox.height);
          ctx.stroke();
          const label = `budget ${usd(summary.budgetUsd)}`;
          const fits = budget + 6 * ratio + ctx.measureText(label).width < bbox.left + bbox.width;
          ctx.textAlign = fits ? 'left' : 'right';
          ctx.fillText(label, budget + (fits ? 5 : -5) * ratio, bbox.top + bbox.height - 6 * ratio);
          ctx.strokeStyle = ctx.fillStyle = ink('--ink-2');
          ctx.setLineDash([2 * ratio, 3 * ratio]);
          ctx.beginPath();
          ctx.moveTo(bbox.left, level);
          ctx.lineTo(bbox.left + bbox.width, level);
          ctx.stroke();
          ctx.textAlign = 'left';
          ctx.fillText(`tail of ${percent(tail, 0)}`, bbox.left + 5 * ratio, level - 4 * ratio);
          ctx.restore();
        },
      ],
    },
  };
  return { options, data: data as uPlot.AlignedData };
}

function spoken(losses: LossHistogram, paths: number, index: number): string {
  const [before, after] = [losses.before, losses.after].map((side) => percent(exceedance(side, losses.edgesUsd, paths)[index] ?? 0, 2));
  return `more than ${usd(losses.edgesUsd[index])}: ${before} today, ${after} recommended`;
}

/** A logarithmic axis with lines and labels at the powers of ten only. */
function decades(ink: (name: string) => string): uPlot.Axis {
  const filter: uPlot.Axis.Filter = (_, ticks) => ticks.map((tick) => (isPower(tick) ? tick : null));
  const base = axis(ink);
  return { ...base, filter, grid: { ...base.grid, filter }, ticks: { ...base.ticks, filter } };
}

/** A power of ten needs no decimals: $10 k, not $10.0 k. */
function round(value: number): string {
  return usd(value).replace(/\.0+/, '');
}

function isPower(value: number): boolean {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-9;
}
