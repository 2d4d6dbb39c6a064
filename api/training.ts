/**
 * Training: the flow from a panel to a decision about which law is in force. 1 read; 2 cut off what the new law must not see; 3 fit; 4 compare on it;
 * 5 keep. A decision for the same panel and challenger is taken once.
 */
import { SECONDS_PER_DAY } from '../base/units.ts';
import { align } from '../datasets/align.ts';
import { endsAt, type MarketPanel } from '../datasets/panel.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import { readSeries } from '../datasets/sources/files.ts';
import * as Fit from '../models/fit.ts';
import type { MarketModel } from '../models/market.ts';
import * as Training from '../models/training.ts';
import { type Decision, type ModelStore, open } from './model-store.ts';

export type TrainingRequest = {
  /** File or folder; null: the built-in simulated market. */
  readonly panel: string | null;
  readonly asOf: string | null;
  readonly models: string;
  readonly holdoutDays: number;
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
export type OnStep = (says: string, share: number) => void;

export async function train(request: TrainingRequest, onStep: OnStep, signal?: AbortSignal): Promise<Trained> {
  const store = await open(request.models);
  const { inForce } = store;
  onStep('read the market', 0);
  const read = await marketOf(request);
  const whole = read(null);
  signal?.throwIfAborted();
  // Without a law in force there is nothing to compare with, and no reason to keep bars from the first one.
  const heldMs = inForce === null ? 0 : request.holdoutDays * SECONDS_PER_DAY * 1000;
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

/** Null where no law is in force. */
export async function check(
  request: Pick<TrainingRequest, 'panel' | 'asOf' | 'models' | 'seed'>,
  windowDays: number,
): Promise<Training.Drift | null> {
  const { inForce } = await open(request.models);
  if (inForce === null) return null;
  const read = await marketOf(request);
  return Training.drift(inForce, read(null), windowDays * SECONDS_PER_DAY);
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
