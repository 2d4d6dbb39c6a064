/** The inputs of a bundle, for commands that work on one. */
import { PlimsollError } from '../base/errors.ts';
import { isSealed } from '../base/id.ts';
import { MarketPanel } from '../datasets/panel.ts';
import { ProtocolState } from '../datasets/state.ts';
import { Manifest } from '../governance/bundle.ts';
import { MarketModel } from '../models/market.ts';
import { ScenarioSet } from '../models/scenario.ts';
import { Policy } from '../tuner/policy.ts';
import { Recommendation } from '../tuner/recommendation.ts';
import { StressEvidence } from '../tuner/stress/evidence.ts';
import * as Folder from './folder.ts';

const PARTS = {
  manifest: Manifest,
  panel: MarketPanel,
  state: ProtocolState,
  policy: Policy,
  model: MarketModel,
  scenarios: ScenarioSet,
  recommendation: Recommendation,
  'evidence-before': StressEvidence,
  'evidence-after': StressEvidence,
} as const;
type Parts = { readonly [name in keyof typeof PARTS]: ReturnType<(typeof PARTS)[name]['parse']> };

/** Shape and id of each part are checked; whether the numbers follow from the inputs is for `verify`. */
export async function part<Name extends keyof Parts>(folder: string, name: Name): Promise<Parts[Name]> {
  const where = `${folder}/${name}.json`;
  const text = (await Folder.read(folder, `${name}.json`)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DamagedPartError({ got: error instanceof Error ? error.message : 'no JSON', needed: 'JSON', where });
  }
  const read = PARTS[name].safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new DamagedPartError({
      got: issue?.message ?? 'another shape',
      needed: `a ${name}`,
      where: `${where}, field ${issue?.path.join('.')}`,
    });
  }
  if (!isSealed(read.data)) throw new DamagedPartError({ got: 'content that does not hash to its id', needed: read.data.id, where });
  return read.data as Parts[Name];
}

export class DamagedPartError extends PlimsollError {
  override readonly name = 'Bundle.DamagedPartError';
}
