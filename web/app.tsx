/**
 * The room Now: one page, one fetch, one stream. What stands where depends on two things only: is there a result, and
 * what is the newest run doing.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Accounts, Replayed } from './accounts.tsx';
import { follow, hasEnded, latest } from './client.ts';
import { change, percent, sentence, short, usd, when } from './format.ts';
import { Help } from './help.tsx';
import { listen } from './keys.ts';
import { headline, LoadLines } from './loadlines.tsx';
import { Crashes, Losses } from './losses.tsx';
import type { Page, Problem, Result } from './page.ts';
import { Proposed } from './proposal.tsx';
import { Data, Model } from './quality.tsx';
import { mostProbable, Regimes } from './regime.tsx';
import { Progress, Seconds, Trouble, Underway } from './run.tsx';
import { apply, current, next, type Theme } from './theme.ts';

const RETRY_MILLISECONDS = 3_000;
/** How often an idle page looks whether somebody began a new run. */
const IDLE_MILLISECONDS = 20_000;

const SECTIONS: readonly (readonly [string, string])[] = [
  ['load-lines', 'Load lines'],
  ['regime', 'Regime'],
  ['losses', 'Losses'],
  ['crashes', 'Crashes'],
  ['accounts', 'Accounts'],
  ['proposal', 'Proposal'],
  ['data', 'Data'],
  ['model', 'Model'],
  ['verify', 'Verify'],
];

export function App() {
  const [page, setPage] = useState<Page | null>(null);
  const [receivedAt, setReceivedAt] = useState(Date.now());
  const [problem, setProblem] = useState<Problem | null>(null);
  const [filter, setFilter] = useState('');
  const [help, setHelp] = useState(false);
  const [theme, setTheme] = useState<Theme>(current());
  const verify = useRef<string>('');

  const load = useCallback(async (signal?: AbortSignal): Promise<void> => {
    try {
      const answer = await latest(signal);
      setPage(answer);
      setReceivedAt(Date.now());
      setProblem(null);
    } catch (cause) {
      if (signal?.aborted !== true) setProblem(cause as Problem);
    }
  }, []);

  const run = page?.run ?? null;
  const result = page?.result ?? null;
  const runId = run?.id;
  const working = run !== null && !hasEnded(run);

  useEffect(() => {
    const abort = new AbortController();
    void load(abort.signal);
    return () => abort.abort();
  }, [load]);

  // Follow the run that works; when it ends, fetch the page again for its result. Keyed by the run's id: a new state of
  // the same run must not open a second stream.
  useEffect(() => {
    if (run === null || !working) return;
    return follow(
      run,
      (fresh) => {
        setReceivedAt(Date.now());
        if (hasEnded(fresh)) void load();
        else setPage((old) => (old === null ? old : { ...old, run: fresh }));
      },
      setProblem,
    );
  }, [runId, working, load]);

  useEffect(() => {
    if (working) return;
    const timer = setInterval(() => void load(), problem === null ? IDLE_MILLISECONDS : RETRY_MILLISECONDS);
    return () => clearInterval(timer);
  }, [working, problem, load]);

  useEffect(() => apply(theme), [theme]);
  verify.current = result?.verifyCommand ?? '';
  useEffect(
    () =>
      listen(
        () => SECTIONS.map(([id]) => id),
        (action) => {
          if (action === 'help') setHelp(true);
          else if (action === 'theme') setTheme(next);
          else if (action === 'copy-verify') void navigator.clipboard?.writeText(verify.current);
          else {
            setFilter('');
            setHelp(false);
          }
        },
      ),
    [],
  );

  return (
    <>
      <Bar result={result} theme={theme} onTheme={() => setTheme(next)} onHelp={() => setHelp(true)} />
      <main aria-busy={working}>
        {problem !== null && (
          <Trouble title={page === null ? 'Nothing to show yet' : 'Connection lost; what you see may be old'} problem={problem} />
        )}
        {run?.status === 'failed' && run.error !== null && (
          <Trouble
            title={result === null ? 'The run failed' : 'The newest run failed; below is the last finished one'}
            problem={run.error}
          />
        )}
        {run?.status === 'cancelled' && <p class="empty">The newest run was stopped before its end; nothing of it was kept.</p>}
        {working && (result === null ? <Progress run={run} receivedAt={receivedAt} /> : <Underway run={run} receivedAt={receivedAt} />)}
        {page === null && problem === null && <p class="empty">Asking the server for its latest run…</p>}
        {page !== null && run === null && result === null && (
          <section class="trouble">
            <h2>No run yet</h2>
            <p>
              Start one from a terminal in this folder; it appears here by itself: <code>npx plimsoll run</code>
            </p>
          </section>
        )}
        {result !== null && (
          <>
            <Standing result={result} />
            <LoadLines result={result} filter={filter} onFilter={setFilter} />
            <Regimes result={result} theme={theme} />
            <Losses result={result} theme={theme} />
            <Crashes result={result} />
            <Accounts result={result} />
            {result.replay !== null && <Replayed replay={result.replay} />}
            <Proposed result={result} />
            <Data result={result} />
            <Model result={result} />
            <Seconds result={result} run={run} />
          </>
        )}
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  );
}

function Bar(props: { result: Result | null; theme: Theme; onTheme: () => void; onHelp: () => void }) {
  const { result } = props;
  return (
    <header class="bar">
      <a class="brand" href="#load-lines">
        <svg viewBox="0 0 40 28" aria-hidden="true">
          <circle cx="20" cy="14" r="10" />
          <path d="M3 14h34" />
        </svg>
        Plimsoll
      </a>
      {result?.simulated === true && (
        <strong class="simulated" title="The market or the book was made by the built-in simulator">
          Simulated
        </strong>
      )}
      {result !== null && (
        <p class="stamp">
          <span>{result.protocol}</span>
          <span>
            as of <time dateTime={result.asOf}>{when(result.asOf)}</time>
          </span>
          <span class="wide">
            bundle <code title={result.bundle.id}>{short(result.bundle.id)}</code>
          </span>
        </p>
      )}
      <span class="tools">
        <button type="button" onClick={props.onTheme} title="Theme (t)">
          {props.theme}
        </button>
        <button type="button" onClick={props.onHelp} aria-label="Keys" title="Keys (?)">
          ?
        </button>
      </span>
      {result !== null && (
        <nav aria-label="Sections">
          {SECTIONS.map(([id, title], index) => (
            <a key={id} href={`#${id}`}>
              <i>{index + 1}</i> {title}
            </a>
          ))}
        </nav>
      )}
    </header>
  );
}

/** The answer in one sentence and five figures. */
function Standing({ result }: { result: Result }) {
  const { before, after, borrowingPowerUsd: power, expiresAt } = result.recommendation;
  const top = mostProbable(result.regime);
  const within = after.expectedShortfallUsd <= after.budgetUsd;
  return (
    <section class="standing" aria-label="Summary">
      <h1>{headline(result)}</h1>
      <dl>
        <div>
          <dt>Expected shortfall, {percent(before.level, 0)}</dt>
          <dd>
            {usd(before.expectedShortfallUsd)} → <b>{usd(after.expectedShortfallUsd)}</b>
          </dd>
          <dd class={within ? 'good' : 'bad'}>
            {within ? 'within' : 'over'} the budget of {usd(after.budgetUsd)}
          </dd>
        </div>
        <div>
          <dt>Chance of more than the budget</dt>
          <dd>
            {percent(before.overBudgetProbabilityUpper, 2)} → <b>{percent(after.overBudgetProbabilityUpper, 2)}</b>
          </dd>
          <dd>
            95 % upper bound
            {result.policy === undefined || result.policy === null
              ? `, ${after.overBudgetPaths} paths`
              : `; at most ${percent(result.policy.overBudgetProbability, 2)} allowed`}
          </dd>
        </div>
        <div>
          <dt>Borrowing power</dt>
          <dd>
            {usd(power.before)} → <b>{usd(power.after)}</b>
          </dd>
          <dd>
            {change(power.before, power.after)}; {usd(power.used)} used
          </dd>
        </div>
        <div>
          <dt>Regime</dt>
          <dd>
            <b>{sentence(result.regime.labels[top] ?? '')}</b>
          </dd>
          <dd>{percent(result.regime.now[top] ?? 0, 0)} filtered probability</dd>
        </div>
        <div>
          <dt>Proposal</dt>
          <dd>
            <b>{standing(result)}</b>
          </dd>
          <dd>advice expires {when(expiresAt)}</dd>
        </div>
      </dl>
    </section>
  );
}

function standing({ proposal, execution }: Result): string {
  if (proposal === null) return 'None needed';
  if (proposal.checks.some((check) => check.verdict === 'fail')) return 'Failed a check';
  if (execution === null) return 'Drafted, checked';
  return execution.ok ? 'Rehearsed, read back' : 'Rehearsal failed';
}
