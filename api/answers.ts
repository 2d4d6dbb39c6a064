/**
 * Answers: what takes seconds of computing about a run that is done. Asked of threads with a bounded queue each, so that no number of
 * readers can take the machine from the runs; what was answered once is kept, because a finished run does not change.
 *
 * Two threads: who moves a slider does not wait for somebody's explanation.
 */
import { PlimsollError } from '../base/errors.ts';
import type { Id } from '../base/id.ts';
import type { Explanation } from '../tuner/explanation/explanation.ts';
import type { Judgement, Setting } from '../tuner/explanation/setting.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import type { Question } from './answer-thread.ts';
import { fromMessage } from './errors.ts';
import * as Store from './store/store.ts';
import type { Answerer } from './workers.ts';

export type Answers = {
  explanation(store: Store.Store, recommendation: Recommendation, against: Recommendation | null): Promise<Explanation>;
  whatIf(store: Store.Store, recommendation: Recommendation, setting: Setting): Promise<Judgement>;
  close(): Promise<void>;
};

/** Explanations asked for at once; each takes ten seconds on the sample, a minute against another run. */
const MOST_EXPLANATIONS = 4;
/** Settings asked for at once: two seconds of a slider's questions. */
const MOST_SETTINGS = 8;
const EXPLANATION_PATHS = 1_024;
const KEPT = 32;

export function open(): Answers {
  const [slow, quick] = [desk(MOST_EXPLANATIONS), desk(MOST_SETTINGS)];
  const kept = new Map<string, Promise<Explanation>>();
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
      const [oldest] = kept.keys();
      if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
      kept.set(key, making);
      making.catch(() => kept.delete(key));
      return making;
    },
    async whatIf(store, recommendation, setting) {
      const answer = await quick.ask('what-if', async () => {
        const parts = await partsOf(store, recommendation);
        return { ask: 'what-if', run: recommendation.id, parts, setting };
      });
      return (answer as { judgement: Judgement }).judgement;
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
