/**
 * The model card: one asset at a time, how the law fits it. Estimates with their errors; forecasts against what came; residuals against the errors they
 * were fitted with. Fetched by its id, beside the page's own answer.
 */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { AssetCard, ModelCard as Card } from './answers.ts';
import { axis, Chart, type Draw } from './chart.tsx';
import { card as fetchCard } from './client.ts';
import { count, duration, when } from './format.ts';
import type { Problem } from './page.ts';

const WORDS: Readonly<Record<string, string>> = {
  mu: 'μ, % a step',
  omega: 'ω, %²',
  alpha: 'α, any shock',
  gamma: 'γ, falls only',
  beta: 'β, memory',
  nu: 'ν, degrees of freedom',
};
/** Below, a diagnostic says that something was left behind. */
const DOUBT = 0.01;

export function ModelCard({ id, theme }: { id: string; theme: string }) {
  const [card, setCard] = useState<Card | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asset, setAsset] = useState('');
  useEffect(() => {
    const abort = new AbortController();
    fetchCard(id, abort.signal).then(setCard, (cause: unknown) => {
      if (!abort.signal.aborted) setProblem(cause as Problem);
    });
    return () => abort.abort();
  }, [id]);
  const shown = card?.assets.find((one) => one.asset === asset) ?? card?.assets[0];
  return (
    <section id="card" aria-labelledby="card-title">
      <header class="title">
        <h2 id="card-title">Model card</h2>
        {card !== null && shown !== undefined && (
          <p class="key">
            <label>
              Asset{' '}
              <select value={shown.asset} onChange={(event) => setAsset(event.currentTarget.value)}>
                {card.assets.map((one) => (
                  <option key={one.asset} value={one.asset}>
                    {one.asset}
                    {doubts(one).length > 0 ? ' · doubt' : ''}
                  </option>
                ))}
              </select>
            </label>{' '}
            {count(shown.observations)} returns of {duration(card.stepSeconds)} to {when(card.asOf)}
          </p>
        )}
      </header>
      {problem !== null && <p class="empty">{problem.detail}</p>}
      {card === null && problem === null && <p class="empty">Asking for the card…</p>}
      {card !== null && shown !== undefined && <Asset key={shown.asset} card={shown} stepSeconds={card.stepSeconds} theme={theme} />}
    </section>
  );
}

function Asset({ card, stepSeconds, theme }: { card: AssetCard; stepSeconds: number; theme: string }) {
  const { forecasts, qq } = card;
  const band: Draw = useCallback((size, ink) => outcomes(forecasts, size, ink), [forecasts]);
  const bandSays = useCallback(
    (i: number) =>
      forecasts.at[i] === undefined
        ? ''
        : `${when(forecasts.at[i])}: ${forecasts.returnPct[i]} %, said ${forecasts.lowPct[i]} to ${forecasts.highPct[i]}`,
    [forecasts],
  );
  const line: Draw = useCallback((size, ink) => residuals(qq, size, ink), [qq]);
  const lineSays = useCallback(
    (i: number) => (qq.seen[i] === undefined ? '' : `expected ${qq.expected[i]?.toFixed(2)}, seen ${qq.seen[i]?.toFixed(2)} σ`),
    [qq],
  );
  const found = doubts(card);
  return (
    <>
      <div class="pair">
        <div class="charted">
          <h3>Forecasts against outcomes, newest {count(forecasts.bars)} steps</h3>
          <Chart
            theme={theme}
            draw={band}
            readout={bandSays}
            says={`Returns between the 1 % and 99 % quantiles said one step ahead: ${forecasts.below} below, ${forecasts.above} above, ${(forecasts.bars * forecasts.level).toFixed(1)} expected of each`}
          />
        </div>
        <div class="charted">
          <h3>Residuals against Student-t errors</h3>
          <Chart
            theme={theme}
            draw={line}
            readout={lineSays}
            says="Quantiles of residuals against those of the fitted errors; on the diagonal they agree"
          />
        </div>
      </div>
      <div class="pair">
        <table class="figures">
          <caption>
            {card.converged ? 'Converged' : 'NOT converged'}, log-likelihood {card.logLikelihood.toFixed(1)}; a shock to variance{' '}
            {card.halfLifeSteps === null ? 'never goes' : `is half gone after ${duration(Math.round(card.halfLifeSteps) * stepSeconds)}`}
          </caption>
          <thead>
            <tr>
              <th scope="col">Parameter</th>
              <th scope="col" class="num">
                Estimate
              </th>
              <th scope="col" class="num">
                Standard error
              </th>
            </tr>
          </thead>
          <tbody>
            {card.estimates.map(({ name, value, standardError }) => (
              <tr key={name}>
                <th scope="row">{WORDS[name] ?? name}</th>
                <td class="num">{value.toPrecision(4)}</td>
                <td class="num">{standardError?.toPrecision(2) ?? (card.atBound.includes(name) ? 'on its bound' : 'not known')}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <table class="figures">
          <caption>{found.length === 0 ? 'Nothing left behind that these tests see' : found.join('; ')}</caption>
          <thead>
            <tr>
              <th scope="col">Diagnostic</th>
              <th scope="col" class="num">
                p
              </th>
            </tr>
          </thead>
          <tbody>
            {tests(card).map(([name, p]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="num">{p < 0.001 ? '< 0.001' : p.toFixed(3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Transforms counts={card.transforms.counts} />
      <p class="quiet">
        Tests on the bars of the fit find a law that is wrong; they do not prove one right. The law replaces Student-t errors by the
        sample’s own margins.
      </p>
    </>
  );
}

/** Even bars where the errors fit; the line is where all would end. */
function Transforms({ counts }: { counts: readonly number[] }) {
  const most = Math.max(1, ...counts);
  const even = counts.reduce((sum, one) => sum + one, 0) / counts.length;
  const top = (one: number) => 56 - (52 * one) / most;
  return (
    <figure>
      <figcaption>
        Transforms of residuals in {counts.length} bins from 0 to 1, {count(Math.round(even))} expected in each
      </figcaption>
      <svg viewBox="0 0 400 56" width="100%" height="56" preserveAspectRatio="none" role="img" aria-label={`Counts: ${counts.join(', ')}`}>
        {counts.map((one, i) => (
          <rect
            key={String(i)}
            x={(400 * i) / counts.length}
            y={top(one)}
            width={380 / counts.length}
            height={56 - top(one)}
            fill="var(--sea-3)"
          />
        ))}
        <line x1="0" x2="400" y1={top(even)} y2={top(even)} stroke="var(--ink-2)" stroke-dasharray="4 4" />
      </svg>
    </figure>
  );
}

function tests({ residuals, squares, transforms, forecasts }: AssetCard): readonly (readonly [string, number])[] {
  const expected = (forecasts.bars * forecasts.level).toFixed(1);
  return [
    [`Ljung-Box, ${residuals.lags} lags, residuals`, residuals.p],
    [`Ljung-Box, ${squares.lags} lags, squares`, squares.p],
    ['Transforms even (Pearson, 20 bins)', transforms.evenP],
    [`Below 1 %: ${forecasts.below} of ${expected}`, forecasts.belowP],
    [`Above 99 %: ${forecasts.above} of ${expected}`, forecasts.aboveP],
  ];
}

function doubts(card: AssetCard): string[] {
  const failed = tests(card).flatMap(([name, p]) => (p < DOUBT ? [`${name}: doubtful`] : []));
  return [...failed, ...card.atBound.map((name) => `${name} on its bound`), ...(card.converged ? [] : ['not converged'])];
}

function outcomes(
  { at, returnPct, lowPct, highPct }: AssetCard['forecasts'],
  size: { width: number; height: number },
  ink: (name: string) => string,
) {
  const edge = (label: string): uPlot.Series => ({ label, stroke: ink('--ink-2'), width: 1, points: { show: false } });
  const outside = returnPct.map((r, i) => (r < lowPct[i]! || r > highPct[i]! ? r : null));
  const dots = (label: string, name: string, width: number): uPlot.Series => ({
    ...{ label, stroke: ink(name), width: 0, paths: () => null },
    points: { show: true, size: width, fill: ink(name), stroke: ink(name) },
  });
  return {
    options: {
      ...size,
      series: [{}, edge('1 %'), edge('99 %'), dots('return', '--sea-3', 3), dots('outside', '--moved', 6)],
      axes: [
        { ...axis(ink), size: 42, grid: { show: false } },
        { ...axis(ink), size: 52, values: (_: uPlot, ticks: number[]) => ticks.map((tick) => `${tick} %`) },
      ],
    } satisfies uPlot.Options,
    data: [at.map((time) => Date.parse(time) / 1000), [...lowPct], [...highPct], [...returnPct], outside] as uPlot.AlignedData,
  };
}

function residuals({ expected, seen }: AssetCard['qq'], size: { width: number; height: number }, ink: (name: string) => string) {
  return {
    options: {
      ...size,
      scales: { x: { time: false } },
      series: [
        {},
        { label: 'diagonal', stroke: ink('--ink-2'), width: 1, dash: [4, 4], points: { show: false } },
        { label: 'seen', stroke: ink('--sea-3'), width: 0, paths: () => null, points: { show: true, size: 5, fill: ink('--sea-3') } },
      ],
      axes: [
        { ...axis(ink), size: 42, label: 'expected, σ', labelSize: 18 },
        { ...axis(ink), size: 44 },
      ],
    } satisfies uPlot.Options,
    data: [[...expected], [...expected], [...seen]] as uPlot.AlignedData,
  };
}
