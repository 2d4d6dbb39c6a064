/**
 * Worker thread: the computing part of a run. It writes the bundle's files into the draft folder it is given and answers with
 * what the caller still needs; large artifacts leave as compressed bytes for the store.
 */
import type { MessagePort } from 'node:worker_threads';
import { canonicalJson, type Id } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import * as Bundle from '../governance/bundle.ts';
import type { NoProposal, Proposal } from '../governance/proposal.ts';
import * as Report from '../governance/report.ts';
import { card } from '../models/card.ts';
import { DEFAULT_POLICY, LOCK_FILE, VERSION } from './config.ts';
import { type ErrorMessage, toMessage } from './errors.ts';
import * as Folder from './folder.ts';
import type { VoyageOptions } from './options.ts';
import type { Computed } from './page.ts';
import type { StepName } from './progress.ts';
import { spread } from './ranges.ts';
import { resultOf } from './result.ts';
import { type Artifact, pack } from './store/artifact.ts';
import { type Deps, type Voyage, voyage } from './voyage.ts';
import { hire } from './workers.ts';

export type VoyageTask = {
  readonly options: VoyageOptions;
  readonly threads: number;
  readonly folder: string;
  readonly redisUrl: string | null;
};
export type Landed = {
  readonly evidenceRoot: Id;
  readonly manifestId: Id;
  readonly recommendationId: Id;
  readonly proposal: Proposal | NoProposal;
  readonly state: ProtocolState;
  /** What the page shows, without run id, path, execution and times. */
  readonly result: Computed;
  readonly artifacts: readonly Artifact[];
};

export default async function run({
  options,
  threads,
  folder,
  redisUrl,
  port,
}: VoyageTask & { port: MessagePort }): Promise<Landed | { failed: ErrorMessage }> {
  const deps: Deps = {
    hire: (inputs) => {
      const home = hire(inputs, threads);
      return redisUrl === null
        ? home
        : spread(inputs, redisUrl, { home, threads, hire: (others) => hire(others, threads) }, (says) =>
            process.emitWarning(says, 'PlimsollRanges'),
          );
    },
    defaultPolicyPath: DEFAULT_POLICY,
    codeVersion: VERSION,
    lockFile: LOCK_FILE,
  };
  try {
    const report = (step: StepName, share: number) => port.postMessage({ step, share });
    const made = await voyage(deps, options, report);
    return await land(made, folder);
  } catch (error) {
    return { failed: toMessage(error) };
  } finally {
    port.close();
  }
}

/** The files the manifest covers, in the order of the voyage; then the manifest; then hindsight, which no root covers. */
async function land(made: Voyage, folder: string): Promise<Landed> {
  const parts = [
    ['panel', made.panel],
    ['state', made.state],
    ['policy', made.policy],
    ['model', made.model],
    ['scenarios', made.scenarios],
    ['evidence-before', made.before],
    ['evidence-after', made.after],
    ['recommendation', made.recommendation],
  ] as const;
  const files: Bundle.BundleFile[] = [];
  const artifacts: Artifact[] = [];
  for (const [name, part] of parts) {
    const json = canonicalJson(part);
    files.push(await Folder.write(folder, `${name}.json`, json));
    artifacts.push(pack(part.kind, part.id, json));
  }
  const { proposal, replayed } = made;
  const proposalJson = canonicalJson(proposal);
  files.push(await Folder.write(folder, 'proposal.json', proposalJson));
  if (proposal.kind === 'proposal') artifacts.push(pack(proposal.kind, proposal.id, proposalJson));
  files.push(await Folder.write(folder, 'report.md', reportOf(made)));
  const manifest = Bundle.manifest({ evidence: made.evidence, files });
  const manifestJson = canonicalJson(manifest);
  await Folder.write(folder, Folder.MANIFEST, manifestJson);
  artifacts.push(pack(manifest.kind, manifest.id, manifestJson));
  const shown = card(made.model, made.panel);
  artifacts.push(pack(shown.kind, shown.id, canonicalJson(shown)));
  if (replayed !== null) await Folder.write(folder, 'replay.json', canonicalJson(replayed));
  return {
    evidenceRoot: manifest.evidenceRoot,
    manifestId: manifest.id,
    recommendationId: made.recommendation.id,
    proposal,
    state: made.state,
    result: { ...resultOf(made), cardId: shown.id },
    artifacts,
  };
}

export function reportOf({ proposal, recommendation }: Pick<Voyage, 'proposal' | 'recommendation'>): string {
  if (proposal.kind === 'proposal') return Report.render(proposal);
  const reasons = recommendation.assets.map(({ asset, because }) => `- **${asset}**: ${because}`);
  return [`# No proposal: ${proposal.reason}`, '', proposal.says, '', '## Why', '', ...reasons, ''].join('\n');
}
