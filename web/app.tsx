/**
 * The room Now: one page, one fetch, one stream. What stands where depends on two things only: is there a result, and
 * what is the newest run doing.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Accounts, Replayed } from './accounts.tsx';
import { Bar, SECTIONS } from './bar.tsx';
import { Caps } from './caps.tsx';
import { ModelCard } from './card.tsx';
import { follow, hasEnded, latest } from './client.ts';
import { Explained } from './explanation.tsx';
import { Frontier } from './frontier.tsx';
import { Help } from './help.tsx';
import { listen } from './keys.ts';
import { LoadLines } from './loadlines.tsx';
import { Crashes, Losses } from './losses.tsx';
import type { Page, Problem } from './page.ts';
import { Proposed } from './proposal.tsx';
import { Data, Model } from './quality.tsx';
import { Regimes } from './regime.tsx';
import { Regret } from './regret.tsx';
import { Progress, Seconds, Trouble, Underway } from './run.tsx';
import { Standing } from './standing.tsx';
import { apply, current, next, type Theme } from './theme.ts';
import { WhatIf } from './what-if.tsx';

const RETRY_MILLISECONDS = 1_500;
/** The server listens, but its stores are not open yet. */
const NOT_READY = 'Http.NotReadyError';
/** How often an idle page looks whether somebody began a new run. */
const IDLE_MILLISECONDS = 20_000;

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
  const starting = page === null && problem?.type === NOT_READY;
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
      listen(SECTIONS, (action) => {
        if (action === 'help') setHelp(true);
        else if (action === 'theme') setTheme(next);
        else if (action === 'copy-verify') void navigator.clipboard?.writeText(verify.current);
        else {
          setFilter('');
          setHelp(false);
        }
      }),
    [],
  );

  return (
    <>
      <Bar result={result} theme={theme} onTheme={() => setTheme(next)} onHelp={() => setHelp(true)} />
      <main aria-busy={working}>
        {starting && <p class="empty">The server is starting: {problem.detail}</p>}
        {problem !== null && !starting && (
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
            {result.frontier !== undefined && <Frontier frontier={result.frontier} theme={theme} />}
            {result.caps !== undefined && <Caps caps={result.caps} />}
            <WhatIf key={`what-if ${result.runId}`} result={result} />
            <Crashes result={result} />
            <Accounts result={result} />
            {result.replay !== null && <Replayed replay={result.replay} />}
            <Explained key={`explained ${result.runId}`} result={result} />
            <Regret key={`regret ${result.runId}`} runId={result.runId} />
            <Proposed result={result} />
            <Data result={result} />
            <Model result={result} />
            {result.cardId !== undefined && <ModelCard id={result.cardId} theme={theme} />}
            <Seconds result={result} run={run} />
          </>
        )}
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  );
}
