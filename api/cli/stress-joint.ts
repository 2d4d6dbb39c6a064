/** `plimsoll stress --with`: the bundle's book beside those of other protocols, which sell into the same markets. */
import { stat } from 'node:fs/promises';
import { PlimsollError, quote } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import type { Waiver } from '../../datasets/panel.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { Spread } from '../../tuner/scenario/joint.ts';
import type { Measured, Outcome } from '../../tuner/scenario/run.ts';
import { plusMinus, type Question } from './stress-scenario.ts';
import { print, printJson, say, table, usd } from './terminal.ts';

export async function answer(
  { bundle, scenarios: wanted, paths, borrowers, json, parametersOf }: Question,
  others: readonly string[],
  waivers: readonly Waiver[],
): Promise<void> {
  const { part } = await import('../bundle.ts');
  const { riskOf } = await import('../voyage.ts');
  const Scenarios = await import('../scenarios.ts');
  const Joint = await import('../../tuner/scenario/joint.ts');
  const { checkPaths } = await import('../../tuner/stress/evaluate.ts');
  const asked = wanted.length === 0 ? [Joint.NOTHING] : await Scenarios.findAll(wanted);
  const [state, model, scenarios, policy] = await Promise.all([
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'policy'),
  ]);
  const states = [state];
  for (const other of others) states.push(await beside(state, bundle, other, waivers));
  checkPaths(paths ?? scenarios.paths, scenarios);
  const books = {
    states,
    model,
    scenarios,
    borrowers,
    parameters: parametersOf(state),
    paths: paths ?? scenarios.paths,
    riskOf: (book: ProtocolState) => riskOf(policy, book),
  };
  const spreads: Spread[] = [];
  for (const scenario of asked) {
    say(`${scenario.name} …`);
    spreads.push(Joint.spread(loadKernel(), books, scenario));
  }
  const from = { states: states.map(({ id }) => id), model: model.id, scenarios: scenarios.id };
  if (json) printJson({ from, borrowers, parameters: books.parameters, spreads });
  else print(spreads.map(show).join('\n'));
}

/** `[NAME=]FILE`: a state file, or another bundle's folder; at the bundle's prices and date. */
async function beside(state: ProtocolState, bundle: string, text: string, waivers: readonly Waiver[]): Promise<ProtocolState> {
  const [, name, path = text] = /^([A-Za-z0-9][\w .-]{0,40})=(.+)$/.exec(text) ?? [];
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const { part } = await import('../bundle.ts');
  const { readState } = await import('../voyage.ts');
  const read = isFolder ? await part(path, 'state') : await readState(path);
  const priced = read.from.panel !== undefined && read.from.panel === state.from.panel ? read : await reprice(read, state, bundle, waivers);
  if (name !== undefined) {
    const { id: _, ...rest } = priced;
    return seal({ ...rest, protocol: name });
  }
  if (priced.protocol === state.protocol) {
    throw new SameNameError({
      got: `${quote(priced.protocol)}, which the bundle's own book is called`,
      needed: 'another name',
      where: path,
      fix: `Say --with other=${path}.`,
    });
  }
  return priced;
}

async function reprice(read: ProtocolState, state: ProtocolState, bundle: string, waivers: readonly Waiver[]): Promise<ProtocolState> {
  const { part } = await import('../bundle.ts');
  const Reprice = await import('../../datasets/reprice.ts');
  return Reprice.reprice(read, await part(bundle, 'panel'), { asOf: state.asOf, waivers });
}

function show({ name, protocols, together, addedUsd }: Spread): string {
  const rows = protocols.map(({ protocol, alone, togetherUsd }) => [
    protocol,
    plusMinus(lossOf(alone)),
    usd(togetherUsd),
    plusMinus(alone.liquidatedUsd),
    usd(alone.summary.expectedShortfallUsd),
  ]);
  const all = ['together', '', plusMinus(lossOf(together)), plusMinus(together.liquidatedUsd), usd(together.summary.expectedShortfallUsd)];
  const heading = ['protocol', 'loss alone', 'loss together', 'liquidated', `expected shortfall, ${100 * together.summary.level} %`];
  return `${name}\n\n${table(heading, [...rows, all])}\nBeyond the sum of each alone: ${plusMinus(addedUsd)}\n`;
}

function lossOf({ summary }: Outcome): Measured {
  return { mean: summary.meanUsd, standardError: summary.meanStandardErrorUsd };
}

export class SameNameError extends PlimsollError {
  override readonly name = 'StressJoint.SameNameError';
}
