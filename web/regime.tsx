/**
 * Regimes through time: the filtered probability of each water, stacked to one, calm at the bottom; the market's trailing
 * volatility as a line over it where the server sends it.
 */
import { useCallback } from 'preact/hooks';
import type uPlot from 'uplot';
import { axis, Chart, type Draw } from './chart.tsx';
import { duration, percent, sentence, when } from './format.ts';
import type { Regime, Result } from './page.ts';

export function Regimes({ result, theme }: { result: Result; theme: string }) {
  const { regime } = result;
  const draw: Draw = useCallback((size, ink) => picture(regime, size, ink), [regime]);
  const readout = useCallback((index: number) => spoken(regime, index), [regime]);
  const top = mostProbable(regime);
  const first = regime.history.at[0];
  const last = regime.history.at.at(-1);
  return (
    <section id="regime" class="charted" aria-labelledby="regime-title">
      <header class="title">
        <h2 id="regime-title">Regime</h2>
        <p class="key">
          filtered probability through time; drag to zoom, double-click to reset
          {regime.marketVolatilityPct === null ? '' : ' · line: market volatility, 24 h, % a year'}
        </p>
      </header>
      <Chart
        theme={theme}
        draw={draw}
        readout={readout}
        says={
          first === undefined || last === undefined
            ? 'No regime history'
            : `Regime probabilities from ${when(first)} to ${when(last)}; now ${regime.labels[top]} with ${percent(regime.now[top] ?? 0, 0)}`
        }
      />
      <table class="regimes">
        <caption class="visually-hidden">Regimes now</caption>
        <thead>
          <tr>
            <th scope="col">Regime</th>
            <th scope="col" class="num">
              Now
            </th>
            <th scope="col" class="num">
              Lasts, expected
            </th>
            <th scope="col" class="num">
              Share of history
            </th>
          </tr>
        </thead>
        <tbody>
          {regime.labels.map((label, index) => (
            <tr key={label} class={index === top ? 'is-now' : ''}>
              <th scope="row">
                <i class="swatch" data-water={water(index, regime.labels.length)} aria-hidden="true" /> {sentence(label)}
              </th>
              <td class="num">{percent(regime.now[index] ?? 0, 1)}</td>
              <td class="num">{duration((regime.expectedDurationSteps[index] ?? 0) * regime.stepSeconds)}</td>
              <td class="num">{percent(meanOf(regime.history.probability, index), 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function mostProbable({ now }: Regime): number {
  return now.reduce((best, share, index) => (share > (now[best] ?? 0) ? index : best), 0);
}

/** Water by depth of colour, 1 calm to 4 the worst; the worst of any number of regimes is always 4. */
function water(index: number, of: number): number {
  return index === of - 1 ? 4 : Math.min(3, index + 1);
}

function meanOf(rows: readonly (readonly number[])[], index: number): number {
  return rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + (row[index] ?? 0), 0) / rows.length;
}

function picture(regime: Regime, size: { width: number; height: number }, ink: (name: string) => string) {
  const { at, probability } = regime.history;
  const seconds = at.map((time) => Date.parse(time) / 1000);
  const states = regime.labels.length;
  // Stacked from the calm up: series k is the sum of regimes 0 to k; drawn from the top one down, each covers the one before.
  const sums = Array.from({ length: states }, (_, k) =>
    probability.map((row) => row.slice(0, k + 1).reduce((sum, share) => sum + share, 0)),
  );
  const areas = sums.map((_, k) => states - 1 - k);
  const volatility = regime.marketVolatilityPct;
  const series: uPlot.Series[] = [
    {},
    ...areas.map(
      (k): uPlot.Series => ({
        label: regime.labels[k] ?? '',
        fill: ink(`--sea-${water(k, states)}`),
        width: 0,
        points: { show: false },
        scale: 'y',
      }),
    ),
  ];
  const data: (number | null)[][] = [seconds, ...areas.map((k) => sums[k]!)];
  const axes: uPlot.Axis[] = [
    { ...axis(ink), size: 42, grid: { show: false } },
    {
      ...axis(ink),
      size: 44,
      grid: { show: false },
      splits: [0, 0.25, 0.5, 0.75, 1],
      values: (_, ticks) => ticks.map((tick) => `${(tick * 100).toFixed(0)} %`),
    },
  ];
  if (volatility !== null) {
    series.push({ label: 'volatility', stroke: ink('--ink'), width: 1.25, points: { show: false }, scale: 'vol' });
    data.push([...volatility]);
    axes.push({
      ...axis(ink),
      side: 1,
      scale: 'vol',
      size: 44,
      grid: { show: false },
      values: (_, ticks) => ticks.map((tick) => `${tick}`),
    });
  }
  const options: uPlot.Options = {
    ...size,
    padding: [8, volatility === null ? 12 : 0, 0, 0],
    // Two years in one picture are a bar code: drag over a stretch to look into it, double-click to come back.
    cursor: { drag: { x: true, y: false, setScale: true } },
    tzDate: utcDate,
    scales: { x: { time: true }, y: { range: [0, 1] }, vol: { range: (_, __, max) => [0, max * 1.05] } },
    axes,
    series,
  };
  return { options, data: data as uPlot.AlignedData };
}

function spoken({ labels, history, marketVolatilityPct }: Regime, index: number): string {
  const shares = labels.map((label, state) => `${label} ${percent(history.probability[index]?.[state] ?? 0, 0)}`);
  const volatility = marketVolatilityPct?.[index];
  const last = volatility === undefined || volatility === null ? [] : [`volatility ${volatility.toFixed(0)} %`];
  return `${when(history.at[index] ?? '')}  ${[...shares, ...last].join(', ')}`;
}

/** uPlot writes a date's local fields; shifted by the zone they are UTC's. */
function utcDate(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
}
