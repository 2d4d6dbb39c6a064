/**
 * A run: progress while it works, what went wrong where it failed, seconds by step and how to verify when it is done.
 */
import { useEffect, useState } from 'preact/hooks';
import { Copy } from './copy.tsx';
import { duration, sentence, short, usd, when } from './format.ts';
import type { Problem, Result, Run, Step } from './page.ts';

const TICK_MILLISECONDS = 200;

export function Progress({ run, receivedAt }: { run: Run; receivedAt: number }) {
  const now = useNow();
  const since = Math.max(0, (now - receivedAt) / 1000);
  const steps = run.steps.map((step) => (step.state === 'running' ? { ...step, seconds: step.seconds + since } : step));
  const spent = steps.reduce((sum, step) => sum + step.seconds, 0);
  const left = remaining(steps);
  const index = steps.findIndex((step) => step.state === 'running');
  const active = steps[index];
  return (
    <section id="progress" class="progress" aria-labelledby="progress-title">
      <header class="title">
        <h2 id="progress-title">{run.status === 'running' ? 'Working' : sentence(run.status)}</h2>
        <p class="key">
          {duration(spent)} so far{left === null ? '' : `, about ${duration(left)} to go`} · <code title={run.id}>{short(run.id)}</code>
        </p>
      </header>
      <progress max={1} value={overall(steps)} aria-label="Share of the whole run" />
      <p class="visually-hidden" aria-live="polite">
        {active === undefined ? run.status : `Step ${index + 1} of ${steps.length}: ${active.step}`}
      </p>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.step} class={`step-${step.state}`}>
            <span class="glyph" aria-hidden="true">
              {step.state === 'done' ? '✓' : step.state === 'failed' ? '✗' : step.state === 'running' ? '▸' : '·'}
            </span>
            <b>{step.step}</b>
            <span class="says">{step.says}</span>
            <span class="num">{step.state === 'waiting' ? '' : duration(step.seconds)}</span>
            <span class="num quiet">{step.estimateSeconds === null ? '' : `of ~${duration(step.estimateSeconds)}`}</span>
            <progress max={1} value={step.state === 'done' ? 1 : step.share} aria-label={`Share of ${step.step}`} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The slim form, above an older result while a newer run works. */
export function Underway({ run, receivedAt }: { run: Run; receivedAt: number }) {
  const now = useNow();
  const active = run.steps.find((step) => step.state === 'running');
  const since = Math.max(0, (now - receivedAt) / 1000);
  return (
    <section class="underway" aria-label="A newer run is working">
      <progress max={1} value={overall(run.steps)} aria-label="Share of the newer run" />
      <p aria-live="polite">A newer run is at work{active === undefined ? '' : `: ${active.step}`}. Below is the last finished one.</p>
      <span class="num quiet">{active === undefined ? '' : duration(active.seconds + since)}</span>
    </section>
  );
}

export function Trouble({ problem, title, run = null }: { problem: Problem; title: string; run?: Run | null }) {
  const failed = run?.steps.find((step) => step.state === 'failed');
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Step', failed === undefined ? undefined : `${failed.step}, after ${duration(failed.seconds)}`],
    ['Where', problem.where],
    ['Got', problem.got],
    ['Needed', problem.needed],
    ['What to do', problem.fix],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return (
    <section class="trouble" role="alert">
      <h2>{title}</h2>
      <p>
        <code>{problem.type}</code> {problem.title === problem.type ? '' : problem.title}
      </p>
      {known.some(([name]) => name === 'Got') ? null : <p>{problem.detail}</p>}
      <dl class="facts stacked">
        {known.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function Seconds({ result, run }: { result: Result; run: Run | null }) {
  const order = run?.steps.map(({ step }) => step) ?? [];
  const entries = Object.entries(result.milliseconds)
    .filter(([step]) => step !== 'total')
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  const total = result.milliseconds['total'] ?? entries.reduce((sum, [, spent]) => sum + spent, 0);
  const longest = Math.max(1, ...entries.map(([, spent]) => spent));
  return (
    <section id="verify" aria-labelledby="verify-title">
      <header class="title">
        <h2 id="verify-title">Verify</h2>
        <p class="key">the same bytes, on any machine, with any number of workers</p>
      </header>
      <p class="command">
        <Copy value={result.verifyCommand} whole label="verify command" />
      </p>
      <dl class="facts stacked">
        <div>
          <dt>Bundle</dt>
          <dd>
            <Copy value={result.bundle.id} label="bundle id" />
          </dd>
        </div>
        <div>
          <dt>Folder</dt>
          <dd>
            <code>{result.bundle.path}</code>
          </dd>
        </div>
        <div>
          <dt>Seed</dt>
          <dd>
            {result.scenarios.seed}, {result.scenarios.paths.toLocaleString('en-US')} paths of {result.scenarios.steps} steps of{' '}
            {duration(result.scenarios.stepSeconds)}
          </dd>
        </div>
        {result.precision !== undefined && (
          <div>
            <dt>Precision</dt>
            <dd>
              {usd(result.precision.standardErrorUsd)} standard error of today's expected shortfall, {usd(result.precision.wantedUsd)}{' '}
              wanted: {result.precision.reached ? 'reached' : 'not reached'}
            </dd>
          </div>
        )}
        {run !== null && run.id === result.runId && run.finishedAt !== null && (
          <div>
            <dt>Finished</dt>
            <dd>{when(run.finishedAt)}</dd>
          </div>
        )}
      </dl>
      <table class="seconds">
        <caption>Seconds by step, {duration(total / 1000)} in all</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Seconds</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(([step, spent]) => (
            <tr key={step}>
              <th scope="row">
                {step}
                <svg class="bars" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
                  <rect class="bar-after" width={(spent / longest) * 100} height="3" />
                </svg>
              </th>
              <td class="num">{duration(spent / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Weighted by the estimates where there are any; else every step counts the same. */
function overall(steps: readonly Step[]): number {
  const weigh = (step: Step): number => step.estimateSeconds ?? 1;
  const total = steps.reduce((sum, step) => sum + weigh(step), 0);
  const done = steps.reduce((sum, step) => sum + weigh(step) * (step.state === 'done' ? 1 : step.share), 0);
  return total === 0 ? 0 : done / total;
}

/** What the estimates leave, slowed by how much slower than them this machine has been so far. */
function remaining(steps: readonly Step[]): number | null {
  let [left, spent, expected] = [0, 0, 0];
  for (const { state, share, seconds, estimateSeconds } of steps) {
    if (estimateSeconds === null) return null;
    const part = state === 'done' ? 1 : state === 'running' ? share : 0;
    left += (1 - part) * estimateSeconds;
    spent += state === 'waiting' ? 0 : seconds;
    expected += part * estimateSeconds;
  }
  return left * (expected > 0 ? Math.max(1, spent / expected) : 1);
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
