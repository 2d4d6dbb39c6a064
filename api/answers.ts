/**
 * Answers: what takes seconds of computing about a run that is done. Asked of threads with a bounded queue each, so that no number of
 * readers can take the machine from the runs; what was answered once is kept, because a finished run does not change.
 *
 * Two threads: who moves a slider does not wait for somebody's explanation.
 */
import { PlimsollError } from '../base/errors.ts';
import type { Id } from '../base/id.ts';
import type { MarketModel } from '../models/market.ts';
import type { Explanation } from '../tuner/explanation/explanation.ts';
import type { Judgement, Setting } from '../tuner/explanation/setting.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import type { Regret } from '../tuner/regret.ts';
import type { Question } from './answer-thread.ts';
import { fromMessage } from './errors.ts';
import { unpack } from './store/artifact.ts';
import * as Store from './store/store.ts';
import type { Answerer } from './workers.ts';

export type Answers = {
  explanation(store: Store.Store, recommendation: Recommendation, against: Recommendation | null): Promise<Explanation>;
  whatIf(store: Store.Store, recommendation: Recommendation, setting: Setting): Promise<Judgement>;
  /** Recommendations up to this one, the latest first, against the data of newer runs. */
  regrets(store: Store.Store, runId: string): Promise<readonly Regret[]>;
  close(): Promise<void>;
};

/** Explanations asked for at once; each takes ten seconds on the sample, a minute against another run. */
const MOST_EXPLANATIONS = 4;
/** Settings asked for at once: two seconds of a slider's questions, and regrets. */
const MOST_SETTINGS = 8;
/** Runs whose past is looked at. */
const MOST_RUNS = 60;
const EXPLANATION_PATHS = 1_024;
const KEPT = 32;

export function open(): Answers {
  const [slow, quick] = [desk(MOST_EXPLANATIONS), desk(MOST_SETTINGS)];
  const kept = new Map<string, Promise<Explanation>>();
  const regrets = new Map<string, Promise<Regret | null>>();
  const regretOf = async (store: Store.Store, run: Store.PastRun, runs: readonly Store.PastRun[]): Promise<Regret | null> => {
    const later = judgeOf(run, runs);
    if (later === null) return null;
    const key = `${run.id} ${later.id}`;
    const known = regrets.get(key) ?? null;
    if (known !== null) return known;
    const making = (async () => {
      const answer = await quick.ask('regret', async () => {
        const recommendation = run.recommendation as Recommendation;
        const [parts, model] = await Promise.all([
          partsOf(store, recommendation),
          part(store, 'market-model', (later.recommendation as Recommendation).from.model),
        ]);
        const { from } = JSON.parse(unpack(model)) as MarketModel;
        return { ask: 'regret', panel: await part(store, 'market-panel', from.panel), parts };
      });
      return (answer as { regret: Regret | null }).regret;
    })();
    remember(regrets, key, making);
    return making;
  };

  return {
    explanation(store, recommendation, against) {
      const key = `${recommendation.id} ${against?.id}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      const making = (async () => {
        const answer = await slow.ask('explanation', async () => {
          const { from } = recommendation;
          const [parts, before, after, other] = await Promise.all([
            partsOf(store, recommendation),
            part(store, 'stress-evidence', from.evidenceBefore),
            part(store, 'stress-evidence', from.evidenceAfter),
            against === null ? null : sideOf(store, against),
          ]);
          return { ask: 'explanation', parts: { ...parts, before, after }, against: other, paths: EXPLANATION_PATHS };
        });
        return (answer as { explanation: Explanation }).explanation;
      })();
      remember(kept, key, making);
      return making;
    },
    async whatIf(store, recommendation, setting) {
      const answer = await quick.ask('what-if', async () => {
        const parts = await partsOf(store, recommendation);
        return { ask: 'what-if', run: recommendation.id, parts, setting };
      });
      return (answer as { judgement: Judgement }).judgement;
    },
    async regrets(store, runId) {
      const runs = await Store.pastRuns(store, MOST_RUNS);
      const own = runs.find(({ id }) => id === runId);
      const past = runs.filter(({ asOf, protocol }) => own !== undefined && protocol === own.protocol && asOf <= own.asOf);
      const found: Regret[] = [];
      // One after the other: a reader takes one place of the queue, however long the history.
      for (const run of past) {
        const entry = (run.regret as Regret | null) ?? (await regretOf(store, run, runs));
        if (entry !== null) found.push(entry);
      }
      return found;
    },
    async close() {
      await Promise.all([slow.close(), quick.close()]);
    },
  };
}

/** One thread, hired by the first question. A place is taken before anything is read from the store, and given back with the answer. */
function desk(places: number) {
  let thread: Promise<Answerer> | null = null;
  let taken = 0;
  return {
    async ask(what: Question['ask'], question: () => Promise<Question>) {
      if (taken >= places) {
        throw new CrowdedError({
          got: `one more ${what} while ${taken} wait`,
          needed: `at most ${places} at once`,
          where: 'answers',
          fix: 'Ask again in a few seconds.',
        });
      }
      taken += 1;
      try {
        thread ??= import('./workers.ts').then(({ answerer }) => answerer());
        const complete = await question();
        const answer = await (await thread).run(complete);
        if ('failed' in answer) throw fromMessage(answer.failed);
        return answer;
      } finally {
        taken -= 1;
      }
    },
    close: async () => void (await (await thread)?.close()),
  };
}

/** The first run that has seen the whole horizon, else the one that has seen most of it; null where none is later. */
function judgeOf({ asOf, horizonSeconds }: Store.PastRun, runs: readonly Store.PastRun[]): Store.PastRun | null {
  const end = new Date(Date.parse(asOf) + 1000 * horizonSeconds).toISOString();
  const later = runs.filter((other) => other.asOf > asOf).reverse();
  return later.find((other) => other.asOf >= end) ?? later.at(-1) ?? null;
}

function remember<T>(kept: Map<string, Promise<T>>, key: string, making: Promise<T>): void {
  const [oldest] = kept.keys();
  if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(key, making);
  making.catch(() => kept.delete(key));
}

async function partsOf(store: Store.Store, recommendation: Recommendation) {
  const { from, id } = recommendation;
  const [side, scenarios, policy, own] = await Promise.all([
    sideOf(store, recommendation),
    part(store, 'scenario-set', from.scenarios),
    part(store, 'policy', from.policy),
    part(store, 'recommendation', id),
  ]);
  return { ...side, scenarios, policy, recommendation: own };
}

async function sideOf(store: Store.Store, { from }: Recommendation) {
  const [state, model] = await Promise.all([part(store, 'protocol-state', from.state), part(store, 'market-model', from.model)]);
  return { state, model };
}

async function part(store: Store.Store, kind: string, id: Id) {
  const artifact = await Store.getArtifact(store, [kind], id);
  if (artifact !== null) return { bytes: artifact.bytes };
  throw new MissingPartError({ got: `no ${kind} ${id}`, needed: 'every part that the recommendation was made from', where: 'store' });
}

export class CrowdedError extends PlimsollError {
  override readonly name = 'Answers.CrowdedError';
}

export class MissingPartError extends PlimsollError {
  override readonly name = 'Answers.MissingPartError';
}
