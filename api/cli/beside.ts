/** What commands that reckon something beside a bundle's advice share: its parts, a policy, a crew, the advised parameters. */
import type { CapsInput } from '../../tuner/caps.ts';
import * as Config from '../config.ts';

export type Flags = { readonly policy?: string; readonly workers?: number };

export async function beside<T>(bundle: string, flags: Flags, reckon: (input: CapsInput) => Promise<T>): Promise<T> {
  const { part } = await import('../bundle.ts');
  const { readPolicy, riskOf, searchOf } = await import('../voyage.ts');
  const { hire } = await import('../workers.ts');
  const [panel, state, model, scenarios, after] = await Promise.all([
    part(bundle, 'panel'),
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'evidence-after'),
  ]);
  const policy = flags.policy === undefined ? await part(bundle, 'policy') : await readPolicy(flags.policy);
  const crew = hire({ state, model, scenarios, risk: riskOf(policy, state) }, flags.workers ?? Config.read(process.env).workers);
  try {
    const search = searchOf({ panel, state, model, scenarios, policy });
    return await reckon({ ...search, evaluate: crew.evaluate, recommended: after.parameters });
  } finally {
    await crew.close();
  }
}
