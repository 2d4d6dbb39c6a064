/**
 * Generalised Pareto fits against R's evd: `npx tsx bench/peers/tails.ts [rounds]`. Writes docs/evidence/speed-tails.md.
 *
 * Both without standard errors: ours has profile intervals in their place. Needs `Rscript` with evd.
 */
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Pareto from '../../models/pareto.ts';
import * as Peer from './peer.ts';

const SEED = 20_261_122;
const EXCEEDANCES = 300;
const SHAPE = 0.25;
const WORK = 'generalised Pareto';

if (process.argv[2] === 'ours') ours();
else bench(Number(process.argv[2] ?? 3));

function ours(): void {
  const y = exceedances();
  Peer.report(
    WORK,
    2_000,
    () => Pareto.fit(y),
    ({ logLikelihood, shape, scale }) => [logLikelihood, shape, scale],
  );
}

function bench(rounds: number): void {
  const figures = Peer.withFolder((folder) => {
    const data = Peer.columns(folder, 'exceedances.csv', { y: exceedances() });
    return Peer.inTurn(rounds, [Peer.ours('tails.ts'), Peer.r('evd', ['evd'], 'tails/evd.R', data)]);
  });
  const own = Peer.milliseconds(figures, 'Plimsoll', WORK);
  const rows = figures.map(({ who, work, milliseconds, values }) => [
    `${who} ${work}`,
    milliseconds.toFixed(3),
    (milliseconds / own).toFixed(1),
    ...values.map((value) => value.toFixed(5)),
  ]);
  Peer.writeEvidence('docs/evidence/speed-tails.md', [
    '# Pareto tails against a peer',
    '',
    `Made by \`npx tsx bench/peers/tails.ts ${rounds}\`: ${rounds} rounds in turn on ${EXCEEDANCES} exceedances simulated with shape ${SHAPE}, best of each, estimates only.`,
    'Milliseconds belong to the machine of the run; ratios travel.',
    '',
    ...Peer.tableOf(['fit', 'ms', 'Plimsoll = 1', 'log-likelihood', 'shape', 'scale'], rows),
  ]);
}

function exceedances(): Float64Array {
  return Float64Array.from(
    { length: EXCEEDANCES },
    (_, path) => ((1 - uniform(SEED, PURPOSE.sampleMarket, path, 0, 0)) ** -SHAPE - 1) / SHAPE,
  );
}
