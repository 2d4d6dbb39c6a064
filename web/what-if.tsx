/**
 * What if: other parameters on the paths of the run, by slider. Asked a moment after the last movement; an older answer never comes
 * after a newer one. Every figure carries its standard error, and every constraint that is broken its name.
 */
import { useEffect, useState } from 'preact/hooks';
import type { Judged, Judgement, Values } from './answers.ts';
import { whatIf } from './client.ts';
import { bps, count, multiple, percent, usd } from './format.ts';
import type { AssetAdvice, FieldName, Problem, Result } from './page.ts';
import { binding, FIELD_LABEL, FIELDS } from './words.ts';

const DEBOUNCE_MILLISECONDS = 300;
/** After the queue was full. */
const AGAIN_MILLISECONDS = 1_500;

/** What the server takes at least, and what it answers within a second or two. */
const LEAST_PATHS = 256;
const MOST_PATHS = 4_096;

/** A haircut is shown as its LTV: what people argue about. */
const SLIDERS: Readonly<Record<FieldName, { min: number; max: number; step: number; show: (value: number) => string; turned: boolean }>> = {
  haircutBps: { min: 0, max: 10_000, step: 25, show: (value) => `${bps(10_000 - value)} %`, turned: true },
  liquidationThresholdBps: { min: 0, max: 10_000, step: 25, show: (value) => `${bps(value)} %`, turned: false },
  marginMultiplierPpm: { min: 250_000, max: 4_000_000, step: 50_000, show: (value) => `× ${multiple(value)}`, turned: false },
};

type Changes = Readonly<Record<string, Values>>;

export function WhatIf({ result }: { result: Result }) {
  const { runId, recommendation } = result;
  // As many as the run has, where that answers soon: then the advice has the very figures that stand in the other sections.
  const paths = Math.max(LEAST_PATHS, Math.min(MOST_PATHS, result.scenarios.paths));
  const [asset, setAsset] = useState(first(recommendation.assets));
  const [changes, setChanges] = useState<Changes>({});
  const [answer, setAnswer] = useState<Judgement | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [waiting, setWaiting] = useState(false);
  const asked = JSON.stringify(Object.entries(changes).map(([name, values]) => ({ asset: name, ...values })));

  useEffect(() => {
    if (asked === '[]') {
      setAnswer(null);
      setProblem(null);
      setWaiting(false);
      return;
    }
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = (): void => {
      whatIf(runId, { start: 'advised', changes: JSON.parse(asked), paths }, abort.signal).then(
        (judged) => {
          setAnswer(judged);
          setProblem(null);
          setWaiting(false);
        },
        (cause: unknown) => {
          if (abort.signal.aborted) return;
          if ((cause as Problem).status === 503) timer = setTimeout(ask, AGAIN_MILLISECONDS);
          else setWaiting(false);
          setProblem(cause as Problem);
        },
      );
    };
    setWaiting(true);
    timer = setTimeout(ask, DEBOUNCE_MILLISECONDS);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [asked, runId, paths]);

  const advice = recommendation.assets.find((one) => one.asset === asset);
  const move = (field: FieldName, value: number): void => setChanges((old) => ({ ...old, [asset]: { ...old[asset], [field]: value } }));
  return (
    <section id="what-if" aria-labelledby="what-if-title" aria-busy={waiting}>
      <header class="title">
        <h2 id="what-if-title">What if</h2>
        <p class="key">other parameters on the run’s own paths, from the recommended ones</p>
      </header>
      <div class="pair">
        <form class="sliders" onSubmit={(event) => event.preventDefault()}>
          <p>
            <label>
              Asset{' '}
              <select value={asset} onChange={(event) => setAsset(event.currentTarget.value)}>
                {recommendation.assets.map((one) => (
                  <option key={one.asset} value={one.asset}>
                    {one.asset}
                    {one.asset in changes ? ' · changed' : ''}
                  </option>
                ))}
              </select>
            </label>{' '}
            <button type="button" disabled={asked === '[]'} onClick={() => setChanges({})}>
              As recommended
            </button>
          </p>
          {advice !== undefined &&
            FIELDS.map((field) => <Slider key={field} field={field} advice={advice} values={changes[asset]} onMove={move} />)}
          <p class="note">{changedIn(changes)}</p>
        </form>
        <div aria-live="polite">
          {problem !== null && <p class="empty">{problem.status === 503 ? `${problem.detail} Asking again…` : problem.detail}</p>}
          {answer === null && problem === null && (
            <p class="empty">{waiting ? 'Judging these parameters…' : 'Move a slider; the answer takes a second or two.'}</p>
          )}
          {answer !== null && <Answer answer={answer} old={waiting} />}
        </div>
      </div>
    </section>
  );
}

function Slider(props: {
  field: FieldName;
  advice: AssetAdvice;
  values: Values | undefined;
  onMove: (field: FieldName, value: number) => void;
}) {
  const { field, advice, values, onMove } = props;
  const { min, max, step, show, turned } = SLIDERS[field];
  const { from, to } = advice.fields[field];
  const value = values?.[field] ?? to;
  const shown = (own: number): number => (turned ? max - own + min : own);
  return (
    <label class="slider">
      <span>{FIELD_LABEL[field]}</span>
      <input
        type="range"
        name={field}
        min={min}
        max={max}
        step={step}
        value={shown(value)}
        aria-valuetext={show(value)}
        onInput={(event) => onMove(field, shown(Number(event.currentTarget.value)))}
      />
      <output class={value === to ? '' : 'moved'}>{show(value)}</output>
      <small>
        today {show(from)}
        {from !== to && `, recommended ${show(to)}`}
      </small>
    </label>
  );
}

function Answer({ answer, old }: { answer: Judgement; old: boolean }) {
  const { asked, advised, today, change, broken, paths, level, budgetUsd, newlyLiquidatable } = answer;
  const rows: readonly (readonly [string, (side: Judged) => string, string])[] = [
    [
      `Expected shortfall, ${percent(level, 0)}`,
      (side) => `${usd(side.expectedShortfallUsd)} ± ${usd(side.expectedShortfallStandardErrorUsd)}`,
      `${usd(change.expectedShortfallUsd)} ± ${usd(change.expectedShortfallStandardErrorUsd)}`,
    ],
    [
      'Bad debt, mean',
      (side) => `${usd(side.badDebtUsd)} ± ${usd(side.badDebtStandardErrorUsd)}`,
      `${usd(change.badDebtUsd)} ± ${usd(change.badDebtStandardErrorUsd)}`,
    ],
    ['Borrowing power', (side) => usd(side.borrowingPowerUsd), usd(change.borrowingPowerUsd)],
    ['Penalties, mean', (side) => usd(side.penaltyUsd), usd(asked.penaltyUsd - advised.penaltyUsd)],
    ['Chance above budget, at most', (side) => percent(side.overBudgetProbabilityUpper, 2), ''],
  ];
  return (
    <>
      <div class="scroll">
        <table class={old ? 'figures stale' : 'figures'}>
          <caption>± is one standard error, of {count(paths)} paths; the change is paired, so its error is smaller</caption>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" class="num">
                Yours
              </th>
              <th scope="col" class="num wide">
                Recommended
              </th>
              <th scope="col" class="num wide">
                Today
              </th>
              <th scope="col" class="num">
                Yours less recommended
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, show, less]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="num">{show(asked)}</td>
                <td class="num wide">{show(advised)}</td>
                <td class="num wide">{show(today)}</td>
                <td class="num">{less}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {broken.length === 0 ? (
        <p class="good">Breaks no constraint of the policy; budget {usd(budgetUsd)}.</p>
      ) : (
        <>
          <p class="bad">
            {broken.length === 1 ? 'Breaks a constraint' : `Breaks ${broken.length} constraints`}; budget {usd(budgetUsd)}
          </p>
          <ul class="spoken">
            {broken.map((one) => (
              <li key={`${one.asset} ${one.field} ${one.binding}`}>
                {one.asset !== null && (
                  <b>
                    {one.asset}
                    {one.field !== null && ` ${FIELD_LABEL[one.field]}`}:{' '}
                  </b>
                )}
                {binding(one.binding)} <span class="quiet">({one.says})</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {newlyLiquidatable > 0 && <p class="note">The change itself makes {count(newlyLiquidatable)} accounts liquidatable.</p>}
    </>
  );
}

/** The first that has something to decide. */
function first(assets: readonly AssetAdvice[]): string {
  return (assets.find(({ verdict }) => verdict === 'change') ?? assets[0])?.asset ?? '';
}

function changedIn(changes: Changes): string {
  const names = Object.keys(changes);
  return names.length === 0 ? 'As recommended.' : `Changed: ${names.join(', ')}.`;
}
