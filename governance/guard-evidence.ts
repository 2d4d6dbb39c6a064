/**
 * Evidence behind an update, asked by a machine before it relays: is the bundle here, does it hash to what was signed, does it advise this very
 * move, do models agree, is anybody hurt, was anything waived. Pure; each answer is a gate.
 */
import { type Id, toHex } from '../base/id.ts';
import { toUnitsDown } from '../base/units.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { ModelCard } from '../models/card.ts';
import type { Policy } from '../tuner/policy.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import { exposed } from './exposure.ts';
import * as Guard from './guard.ts';
import { doubt } from './guard-doubt.ts';
import type { File } from './guard-file.ts';
import type { Gate } from './guard-gates.ts';
import * as GuardUpdate from './guard-update.ts';

export type Evidence = {
  readonly bundle: Id;
  /** Made again from the bundle's parts. */
  readonly root: Id;
  readonly recommendation: Recommendation;
  readonly state: ProtocolState;
  readonly policy: Policy;
  readonly card: ModelCard;
  readonly waivers: MarketPanel['waivers'];
};

/** Anvil's and Hardhat's: a chain on which evidence of a simulated market may move something. */
const LOCAL_CHAIN = 31_337;

/** `evidence`: of the file's bundle; null where it is not at hand. */
export function gates(evidence: Evidence | null, file: File, update: Guard.Update, priceDecimals: number): readonly Gate[] {
  if (evidence === null)
    return [gate('bundle', false, `bundle ${file.bundle.slice(0, 19)}… is not here: nothing can be said of its evidence`)];
  const { recommendation, state, waivers } = evidence;
  const signed = toHex(evidence.root) === update.evidenceRoot;
  const first = gate(
    'bundle',
    signed,
    signed ? 'the bundle hashes to the root that was signed' : `the bundle hashes to ${toHex(evidence.root).slice(0, 10)}…`,
  );
  if (!signed) return [first];
  const said = advised(evidence, file, update, priceDecimals);
  const hurt = exposed(state, new Map([[file.says, Number(update.to.thresholdBps)]])).length;
  const most = Math.max(hurt, update.maxNewlyLiquidatable);
  const doubted = doubt(file.says, evidence);
  const simulated = [recommendation, state].some((one) => one.simulated) && file.chainId !== LOCAL_CHAIN;
  const waived = [...new Set([...waivers, ...state.waivers].map(({ subject, kind }) => `${subject}:${kind}`))];
  return [
    first,
    gate('advice', said === null, said ?? 'the bundle advises this very move'),
    gate(
      'data',
      waived.length === 0 && !simulated,
      simulated
        ? 'a simulated market or book moves nothing on this chain'
        : waived.length === 0
          ? 'nothing was waived'
          : `waived by people: ${waived.join(', ')}`,
    ),
    gate('models', doubted === null, doubted === null ? 'forecasts hold and models agree' : `${doubted.reason}: ${doubted.says}`),
    gate('nobody hurt', most === 0, most === 0 ? 'no account of the book becomes liquidatable' : `${most} of the book become liquidatable`),
  ];
}

/** Null where the update is the bundle's advice, field by field, at its price and of its time. */
function advised({ recommendation, state }: Evidence, { says }: File, update: Guard.Update, priceDecimals: number): string | null {
  const advice = recommendation.assets.find(({ asset }) => asset === says);
  const row = state.assets.find(({ asset }) => asset === says);
  if (advice === undefined || row === undefined) return `the bundle knows no asset ${says}`;
  const moved = GuardUpdate.moves(advice);
  for (const field of Guard.FIELDS) {
    const [from, to] = [update.from[field], update.to[field]];
    const own = moved.find((one) => one.field === field && from !== 0n);
    const wanted = own === undefined || own.before === own.after ? from : own.after;
    if (to !== wanted || (to !== from && own?.before !== from))
      return `the bundle advises ${field} ${own?.before ?? from} → ${wanted}, the update has ${from} → ${to}`;
  }
  if (update.price !== toUnitsDown(row.priceUsd, priceDecimals))
    return `the bundle has a price of ${row.priceUsd}, the update ${update.price}`;
  const seconds = BigInt(Math.floor(Date.parse(recommendation.asOf) / 1000));
  return update.evidenceTime === seconds ? null : `the bundle is as of ${recommendation.asOf}, the update of ${update.evidenceTime}`;
}

function gate(name: string, open: boolean, says: string): Gate {
  return { gate: name, open, says };
}
