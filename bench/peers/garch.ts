/**
 * GARCH fits against gretl and fGarch: `npx tsx bench/peers/garch.ts [rounds]`. Writes docs/evidence/speed-garch.md.
 *
 * Standard errors included. Needs `gretlcli`, and `Rscript` with fGarch.
 */
import { PURPOSE } from '../../base/random.ts';
import * as Egarch from '../../models/egarch.ts';
import * as Garch from '../../models/garch.ts';
import * as Peer from './peer.ts';

const BARS = 3_000;
const NORMAL: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' };
const TRUTH: Garch.Parameters = { mu: 0.05, omega: 0.05, alpha: 0.05, gamma: 0, beta: 0.93, nu: null };
const GJR_TRUTH: Garch.Parameters = { mu: 0.02, omega: 0.05, alpha: 0.04, gamma: 0.06, beta: 0.89, nu: 6 };
const YARDSTICK = 'GARCH-normal';

if (process.argv[2] === 'ours') ours();
else bench(Number(process.argv[2] ?? 5));

function ours(): void {
  const normal = Garch.simulate(TRUTH, BARS, stream(0));
  const gjr = Garch.simulate(GJR_TRUTH, BARS, stream(1));
  const value = ({ logLikelihood }: { readonly logLikelihood: number }) => [logLikelihood];
  Peer.report(YARDSTICK, 250, () => Garch.fit(normal, NORMAL), value);
  Peer.report('GJR-t', 120, () => Garch.fit(gjr, Garch.GJR_T), value);
  Peer.report('GJR-skewed t', 60, () => Garch.fit(gjr, { ...Garch.GJR_T, errors: 'skewed' }), value);
  for (const errors of ['normal', 'skewed'] as const)
    Peer.report(`EGARCH-${errors}`, 20, () => Egarch.fit(gjr, { mean: 'constant', errors, presample: 'backcast' }), value);
}

function bench(rounds: number): void {
  const figures = Peer.withFolder((folder) => {
    const data = Peer.columns(folder, 'returns.csv', { r: Garch.simulate(TRUTH, BARS, stream(0)) });
    return Peer.inTurn(rounds, [
      Peer.ours('garch.ts'),
      Peer.gretl('garch/gretl.inp', data),
      Peer.r('fGarch', ['fGarch'], 'garch/fgarch.R', data),
    ]);
  });
  const gretl = Peer.milliseconds(figures, 'gretl', YARDSTICK);
  const own = Peer.milliseconds(figures, 'Plimsoll', YARDSTICK);
  const rows = figures.map(({ who, work, milliseconds, values }) => [
    `${who} ${work}`,
    milliseconds.toFixed(2),
    (milliseconds / gretl).toFixed(3),
    (milliseconds / own).toFixed(2),
    values[0]!.toFixed(6),
  ]);
  Peer.writeEvidence('docs/evidence/speed-garch.md', [
    '# GARCH against its peers',
    '',
    `Made by \`npx tsx bench/peers/garch.ts ${rounds}\`: ${rounds} rounds in turn on ${BARS} simulated bars, best of each, standard errors included.`,
    'GJR and EGARCH are fitted to bars of a GJR-t law, so their likelihoods are others. Milliseconds belong to the machine of the run; ratios travel.',
    '',
    ...Peer.tableOf(['fit', 'ms', `gretl ${YARDSTICK} = 1`, `Plimsoll ${YARDSTICK} = 1`, 'log-likelihood'], rows),
  ]);
}

function stream(path: number) {
  return { seed: 20_261_122, purpose: PURPOSE.sampleMarket, path };
}
