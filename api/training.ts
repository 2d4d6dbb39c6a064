/**
 * Training: the flow from a panel to a decision about which law is in force. 1 read; 2 cut off what the new law must not see; 3 fit; 4 compare on it;
 * 5 keep. A decision for the same panel and challenger is taken once.
 */
import { PlimsollError } from '../base/errors.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { align } from '../datasets/align.ts';
import { endsAt, type MarketPanel } from '../datasets/panel.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import { readSeries } from '../datasets/sources/files.ts';
import * as Fit from '../models/fit.ts';
import type { MarketModel } from '../models/market.ts';
import * as Training from '../models/training.ts';
import { type Decision, type ModelRegister, type ModelStore, open } from './model-store.ts';

export type TrainingRequest = {
  /** File or folder; null: the built-in simulated market. */
  readonly panel: string | null;
  readonly asOf: string | null;
  readonly models: string;
  /** Null: 30, or as many as a comparison needs of such bars. */
  readonly holdoutDays: number | null;
  readonly significance: number;
  readonly seed: number;
  readonly forecaster: boolean;
};
export type Trained = {
  readonly decision: Decision;
  readonly challenger: MarketModel;
  readonly comparison: Training.Comparison | null;
  readonly store: ModelStore;
  /** False where this very decision stood in the register already. */
  readonly isNew: boolean;
};
export type Checked = { readonly register: ModelRegister /** Null where no law is in force. */; readonly drift: Training.Drift | null };
export type OnStep = (says: string, share: number) => void;

const HELD_DAYS = 30;

export async function train(request: TrainingRequest, onStep: OnStep, signal?: AbortSignal): Promise<Trained> {
  const store = await open(request.models);
  const { inForce } = store;
  onStep('read the market', 0);
  const read = await marketOf(request);
  const whole = read(null);
  signal?.throwIfAborted();
  // Without a law in force there is nothing to compare with, and no reason to keep bars from the first one.
  const heldMs = inForce === null ? 0 : (request.holdoutDays ?? heldDays(whole.stepSeconds)) * SECONDS_PER_DAY * 1000;
  const cut = new Date(Date.parse(endsAt(whole)) - heldMs).toISOString();
  const known = heldMs === 0 ? whole : read(cut);
  const challenger = await Fit.fit(known, {
    seed: request.seed,
    forecaster: request.forecaster,
    onStep: (step, share) => {
      signal?.throwIfAborted();
      onStep(`fit: ${step}`, share);
    },
  });
  onStep('compare with the law in force', 0);
  const compared =
    inForce === null ? null : Training.compare(inForce, challenger, whole, { fromMs: Date.parse(cut), significance: request.significance });
  const comparison = compared !== null && 'isBetter' in compared ? compared : null;
  const decision: Decision = {
    asOf: endsAt(whole),
    challenger: challenger.id,
    inForceBefore: inForce?.id ?? null,
    verdict: inForce === null || comparison?.isBetter === true ? 'promoted' : 'kept',
    says: inForce === null ? 'first law: nothing to compare with' : words(compared!, inForce.id === challenger.id),
  };
  signal?.throwIfAborted();
  const last = store.register.decisions.at(-1);
  const isNew = !(last?.asOf === decision.asOf && last.challenger === decision.challenger && last.inForceBefore === decision.inForceBefore);
  onStep('keep', 1);
  return { decision, challenger, comparison, store: isNew ? await store.decide(challenger, decision) : store, isNew };
}

/** What a stay needs of the world. A pause that rejects ends it. */
export type Stay = {
  readonly everyDays: number;
  readonly pause: () => Promise<void>;
  readonly onTrained: (trained: Trained) => void;
  readonly onTrouble: (says: string) => void;
};

/** Trains, then after every pause looks, and trains where it is due. What goes wrong after a pause is told, and tried again after the next. */
export async function stay(
  request: TrainingRequest,
  { everyDays, pause, onTrained, onTrouble }: Stay,
  onStep: OnStep,
  signal?: AbortSignal,
): Promise<void> {
  onTrained(await train(request, onStep, signal));
  for (;;) {
    await pause();
    try {
      const found = await check(request);
      if (found.drift?.verdict === 'drifted') onTrouble(`drifted: ${found.drift.because.join('; ')}`);
      if (isDue(found, everyDays)) onTrained(await train(request, onStep, signal));
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      onTrouble(`${error.name}: ${error.message}`);
    }
  }
}

/** Does the law in force still hold on the last days that a training would hold back? */
export async function check(request: Pick<TrainingRequest, 'panel' | 'asOf' | 'models' | 'seed' | 'holdoutDays'>): Promise<Checked> {
  const { inForce, register } = await open(request.models);
  if (inForce === null) return { register, drift: null };
  const panel = (await marketOf(request))(null);
  return { register, drift: Training.drift(inForce, panel, (request.holdoutDays ?? heldDays(panel.stepSeconds)) * SECONDS_PER_DAY) };
}

/** Never without bars that are newer than the last decision; then at once where the law drifted, else when that decision is so old. */
export function isDue({ register, drift }: Checked, everyDays: number): boolean {
  const last = register.decisions.at(-1);
  if (drift === null || last === undefined) return true;
  const newDays = (Date.parse(drift.to) - Date.parse(last.asOf)) / (1000 * SECONDS_PER_DAY);
  return newDays > 0 && (drift.verdict === 'drifted' || newDays >= everyDays);
}

function heldDays(stepSeconds: number): number {
  return Math.max(HELD_DAYS, Training.comparableDays(stepSeconds));
}

/** The panel up to a moment, or the whole. */
async function marketOf({
  panel,
  asOf,
  seed,
}: Pick<TrainingRequest, 'panel' | 'asOf' | 'seed'>): Promise<(until: string | null) => MarketPanel> {
  const read = panel === null ? sampleMarket(seed) : await readSeries(panel);
  return (until) => {
    const end = until ?? asOf;
    return align(read.series, {
      quote: read.quote,
      sources: read.sources,
      simulated: panel === null,
      ...(end === null ? {} : { asOf: end }),
    });
  };
}

function words(compared: Training.Comparison | Training.Refusal, isSame: boolean): string {
  if (isSame) return 'the law in force itself';
  if ('reason' in compared) return `${compared.reason}: ${compared.says}`;
  const { inForceLoss, challengerLoss, pValue, bars } = compared;
  const p = pValue === null ? 'no difference' : `p ${pValue.toPrecision(2)}`;
  return `loss ${challengerLoss.toFixed(6)} against ${inForceLoss.toFixed(6)} in force over ${bars} bars, ${p}`;
}
