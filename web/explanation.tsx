/**
 * Explanation: every value that moves with what stopped it, and, when asked for, what the loss would be without it, in other worlds, and
 * since an earlier run. Asking costs the server ten seconds and more, so the reader decides.
 */
import { useEffect, useState } from 'preact/hooks';
import type { Attribution, Derivation, Explanation, Tail } from './answers.ts';
import { explanation, finishedRuns } from './client.ts';
import { bps, change, count, multiple, percent, usd, when } from './format.ts';
import type { FieldName, LossSummary, Problem, Result, Run } from './page.ts';
import { binding, FIELD_LABEL, FIELDS, reason } from './words.ts';

const SHOWN_PATHS = 5;

type Line = Pick<Derivation, 'asset' | 'field' | 'from' | 'to' | 'low' | 'high' | 'binding' | 'reason'>;

export function Explained({ result }: { result: Result }) {
  const { runId, recommendation } = result;
  const [found, setFound] = useState<Explanation | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [against, setAgainst] = useState('');
  const [earlier, setEarlier] = useState<readonly Run[]>([]);
  const [asking, setAsking] = useState<AbortController | null>(null);
  useEffect(() => () => asking?.abort(), [asking]);
  useEffect(() => {
    const abort = new AbortController();
    // Nothing to compare with is no trouble: the section then only lacks the choice.
    finishedRuns(abort.signal).then(
      (runs) => setEarlier(runs.filter(({ id }) => id !== runId)),
      () => undefined,
    );
    return () => abort.abort();
  }, [runId]);
  const ask = (): void => {
    const abort = new AbortController();
    setAsking(abort);
    setProblem(null);
    explanation(runId, against === '' ? null : against, abort.signal)
      .then(setFound, (cause: unknown) => {
        if (!abort.signal.aborted) setProblem(cause as Problem);
      })
      .finally(() => setAsking((now) => (now === abort ? null : now)));
  };
  const lines = recommendation.assets.flatMap(({ asset, fields }) =>
    FIELDS.filter((field) => fields[field].from !== fields[field].to).map((field): Line => ({ asset, field, ...fields[field] })),
  );
  return (
    <section id="explanation" aria-labelledby="explanation-title" aria-busy={asking !== null}>
      <header class="title">
        <h2 id="explanation-title">Explanation</h2>
        <p class="key">what stopped each value, and what the loss hangs on</p>
      </header>
      <Moves lines={lines} found={found} whole={recommendation.after} />
      <p>
        {earlier.length > 0 && (
          <label>
            Against{' '}
            <select value={against} onChange={(event) => setAgainst(event.currentTarget.value)}>
              <option value="">no other run</option>
              {earlier.map(({ id, finishedAt }) => (
                <option key={id} value={id}>
                  run of {when(finishedAt ?? '')}
                </option>
              ))}
            </select>{' '}
          </label>
        )}
        <button type="button" disabled={asking !== null} onClick={ask}>
          {asking !== null ? 'Working it out…' : found === null ? 'Work it out' : 'Again'}
        </button>{' '}
        <span class="quiet">{against === '' ? 'about ten seconds the first time' : 'about a minute the first time'}</span>
      </p>
      <div aria-live="polite">{problem !== null && <p class="empty">{problem.detail}</p>}</div>
      {found !== null && (
        <div class="pair">
          <div>
            <Sensitivities found={found} />
          </div>
          <div>
            {found.attribution !== null && <Attributed attribution={found.attribution} />}
            <Worst found={found} />
          </div>
        </div>
      )}
    </section>
  );
}

function Moves({ lines, found, whole }: { lines: readonly Line[]; found: Explanation | null; whole: LossSummary }) {
  if (lines.length === 0) return <p class="empty">Nothing changes; the load lines say what holds each value.</p>;
  const without = (line: Line): Tail | null =>
    found?.derivations.find(({ asset, field }) => asset === line.asset && field === line.field)?.without ?? null;
  return (
    <div class="scroll">
      <table class="figures">
        {found !== null && (
          <caption>
            Expected shortfall at {percent(found.level, 0)} under the advice {tail(found.advised)}; budget {usd(found.budgetUsd)}; first{' '}
            {count(found.paths)} paths, ± one standard error (the run’s {count(whole.paths)} say {usd(whole.expectedShortfallUsd)} ±{' '}
            {usd(whole.expectedShortfallStandardErrorUsd)})
          </caption>
        )}
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col" class="num">
              Change
            </th>
            <th scope="col" class="num wide">
              Cannot be told apart
            </th>
            <th scope="col">Stopped by</th>
            {found !== null && (
              <th scope="col" class="num">
                Shortfall without it
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.asset} ${line.field}`}>
              <th scope="row">
                {line.asset} <span class="quiet">{FIELD_LABEL[line.field]}</span>
              </th>
              <td class="num">
                {shown(line.field, line.from)} <span class="quiet">→</span> {shown(line.field, line.to)}
              </td>
              <td class="num wide">{line.low === line.high ? '' : range(line)}</td>
              <td>
                {binding(line.binding)}
                {line.reason !== null && <span class="quiet"> ({reason(line.reason)})</span>}
              </td>
              {found !== null && <td class="num">{tail(without(line))}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Sensitivities({ found }: { found: Explanation }) {
  const { advised, sensitivities, budgetUsd } = found;
  const most = Math.max(budgetUsd, ...sensitivities.map((one) => one.tail.expectedShortfallUsd)) || 1;
  return (
    <table class="figures">
      <caption>Were the world otherwise: shortfall under the advice; the line is the budget</caption>
      <thead>
        <tr>
          <th scope="col">World</th>
          <th scope="col" class="num">
            Shortfall
          </th>
        </tr>
      </thead>
      <tbody>
        {[{ says: 'as measured', tail: advised }, ...sensitivities].map(({ says, tail: under }) => (
          <tr key={says}>
            <th scope="row">
              {says}
              <svg class="bars" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                <rect class="bar-after" y="1" width={(under.expectedShortfallUsd / most) * 100} height="3.4" />
                <rect class="bar-line" x={Math.min(99.4, (budgetUsd / most) * 100)} width="0.6" height="6" />
              </svg>
            </th>
            <td class={under.expectedShortfallUsd > budgetUsd ? 'num bad' : 'num'}>{tail(under)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Bars from the middle: what raised the loss to the right, what lowered it to the left. */
function Attributed({ attribution }: { attribution: Attribution }) {
  const { fromUsd, toUsd, byDriver } = attribution;
  const parts = Object.entries(byDriver);
  const most = Math.max(...parts.map(([, usdOf]) => Math.abs(usdOf))) || 1;
  return (
    <table class="figures">
      <caption>
        Since the other run: shortfall of the book as it stood {tail(fromUsd)} → {tail(toUsd)}, split exactly (Shapley)
      </caption>
      <thead>
        <tr>
          <th scope="col">Because of</th>
          <th scope="col" class="num">
            Change
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map(([driver, part]) => {
          const width = (Math.abs(part) / most) * 50;
          return (
            <tr key={driver}>
              <th scope="row">
                {driver}
                <svg class="bars" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                  <rect class={part > 0 ? 'bar-worse' : 'bar-after'} x={part > 0 ? 50 : 50 - width} y="1" width={width} height="3.4" />
                  <rect class="bar-line" x="49.7" width="0.6" height="6" />
                </svg>
              </th>
              <td class="num">{part === 0 ? '$0' : `${part > 0 ? '+' : ''}${usd(part)}`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Worst({ found }: { found: Explanation }) {
  if (found.worst.length === 0) return <p class="empty">No path loses anything under the advice.</p>;
  return (
    <table class="figures">
      <caption>Worst paths under the advice, each to be walked again: plimsoll path BUNDLE NUMBER</caption>
      <thead>
        <tr>
          <th scope="col">Path</th>
          <th scope="col" class="num">
            Loss
          </th>
          <th scope="col" class="num wide">
            Under today’s
          </th>
          <th scope="col">Deepest falls</th>
        </tr>
      </thead>
      <tbody>
        {found.worst.slice(0, SHOWN_PATHS).map(({ path, lossUsd, beforeUsd, falls }) => (
          <tr key={path}>
            <th scope="row">{path}</th>
            <td class="num">{usd(lossUsd)}</td>
            <td class="num wide">{usd(beforeUsd)}</td>
            <td>
              {falls
                .slice(0, 3)
                .map(({ asset, low }) => `${asset} ${change(1, low)}`)
                .join(', ')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function tail(of: Tail | null): string {
  return of === null ? '–' : `${usd(of.expectedShortfallUsd)} ± ${usd(of.standardErrorUsd)}`;
}

/** A haircut as its LTV. */
function shown(field: FieldName, value: number): string {
  if (field === 'marginMultiplierPpm') return multiple(value);
  return bps(field === 'haircutBps' ? 10_000 - value : value);
}

function range({ field, low, high }: Line): string {
  return [low, high]
    .map((value) => shown(field, value))
    .sort()
    .join(' to ');
}
