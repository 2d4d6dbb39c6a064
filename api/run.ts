/**
 * One run from options to a bundle in its place: the command line and the job both call this.
 *
 * 1 a draft folder; 2 the voyage, in a thread; 3 the rehearsal on a local chain; 4 the bundle into its place.
 * Whatever ends it early, the draft folder goes.
 */
import { join, relative } from 'node:path';
import { canonicalJson } from '../base/id.ts';
import type { Execution } from '../governance/proposal.ts';
import * as Report from '../governance/report.ts';
import { rehearse } from '../governance/simulate.ts';
import * as Folder from './folder.ts';
import type { VoyageOptions } from './options.ts';
import type { Result } from './page.ts';
import { type Step, tracker } from './progress.ts';
import { type Artifact, pack } from './store/artifact.ts';
import type { Landed } from './voyage-thread.ts';
import { sail } from './workers.ts';

export type RunRequest = {
  readonly options: VoyageOptions;
  readonly threads: number;
  /** Ranges of paths are shared with whoever works on this Redis; null: this process alone. */
  readonly redisUrl: string | null;
  /** The bundle's folder, or null for one named by the evidence inside `parent`. */
  readonly out: string | null;
  readonly parent: string;
  readonly rehearse: boolean;
};
export type RunOutcome = {
  readonly landed: Landed;
  readonly execution: Execution | null;
  readonly path: string;
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly artifacts: readonly Artifact[];
};

/** Steps of a rehearsal, for its progress bar. */
const TYPICAL_REHEARSAL_STEPS = 16;

export async function run(request: RunRequest, onSteps: (steps: readonly Step[]) => void, signal: AbortSignal): Promise<RunOutcome> {
  const progress = tracker(() => performance.now());
  const report: typeof progress.report = (step, share) => {
    progress.report(step, share);
    onSteps(progress.steps());
  };
  signal.throwIfAborted();
  if (request.out !== null) await Folder.assertReplaceable(request.out);
  const draft = await Folder.begin(request.parent);
  try {
    const landed = await sail(
      { options: request.options, threads: request.threads, folder: draft.path, redisUrl: request.redisUrl },
      ({ step, share }) => report(step, share),
      signal,
    );
    const execution = request.rehearse ? await rehearsal(landed, (share) => report('rehearse', share), signal) : null;
    report('bundle', 0);
    const artifacts = [...landed.artifacts];
    if (execution !== null && landed.proposal.kind === 'proposal') {
      const json = canonicalJson(execution);
      artifacts.push(pack(execution.kind, execution.id, json));
      await Folder.write(draft.path, 'execution.json', json);
      await Folder.write(draft.path, 'execution.md', Report.render(landed.proposal, execution));
    }
    signal.throwIfAborted();
    const path = await draft.land(request.out ?? join(request.parent, nameOf(landed)));
    report('bundle', 1);
    return { landed, execution, path, milliseconds: inMilliseconds(progress.seconds()), artifacts };
  } catch (error) {
    progress.fail();
    onSteps(progress.steps());
    throw error;
  } finally {
    await draft.discard();
  }
}

export function finished({ landed, execution, path, milliseconds }: RunOutcome, runId: string): Result {
  return {
    ...landed.result,
    runId,
    bundle: { id: landed.evidenceRoot, path },
    verifyCommand: verifyCommand(path),
    execution,
    milliseconds,
  };
}

/** Ready to paste in the folder this process runs in. */
function verifyCommand(path: string): string {
  const near = relative(process.cwd(), path);
  const shown = near.startsWith('..') || near === '' ? path : near;
  return `npx plimsoll verify ${/^[\w./-]+$/.test(shown) ? shown : JSON.stringify(shown)}`;
}

async function rehearsal({ proposal, state }: Landed, onShare: (share: number) => void, signal: AbortSignal): Promise<Execution | null> {
  if (proposal.kind !== 'proposal') return null;
  let steps = 0;
  onShare(0);
  const { execution } = await rehearse({
    proposal,
    state,
    signal,
    onStep: () => {
      steps += 1;
      onShare(Math.min(0.99, steps / TYPICAL_REHEARSAL_STEPS));
    },
  });
  onShare(1);
  return execution;
}

function nameOf({ evidenceRoot, result }: Landed): string {
  return `${result.asOf.slice(0, 10)}-${evidenceRoot.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

function inMilliseconds(seconds: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(seconds).map(([step, value]) => [step, Math.round(1000 * value)]));
}
