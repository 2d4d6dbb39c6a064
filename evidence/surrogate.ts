/**
 * How well the surrogate guesses, and whether its plans are better than plans at random: `npm run evidence -- surrogate`, ten minutes on two cores.
 * The built-in market and book, three seeds of plans and weights. Writes docs/evidence/surrogate.md.
 */
import { writeFileSync } from 'node:fs';
import { DEFAULT_POLICY } from '../api/config.ts';
import { readPolicy, riskOf, searchOf } from '../api/voyage.ts';
import { hire } from '../api/workers.ts';
import { align } from '../datasets/align.ts';
import { sampleBook } from '../datasets/sample/book.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import { parametersOf } from '../datasets/state.ts';
import * as Fit from '../models/fit.ts';
import { plan } from '../models/scenario.ts';
import { tiltOf } from '../tuner/stress/towards.ts';
import { learn, type Surrogate } from '../tuner/surrogate.ts';

const OUT = 'docs/evidence/surrogate.md';
const SAMPLES = 240;
/** The first version, a network without the plane, was looked at under seed 1: its row is no blind test. */
const SEEDS = [1, 2, 3];

const read = sampleMarket(1);
const panel = align(read.series, { quote: read.quote, sources: read.sources, simulated: true });
const state = sampleBook(panel, 1);
const policy = await readPolicy(DEFAULT_POLICY);
const model = await Fit.fit(panel, { seed: 1, forecaster: false });
const steps = Math.round(policy.horizonSeconds / panel.stepSeconds);
const scenarios = plan(model, { seed: 1, paths: policy.paths, steps, tilt: tiltOf(state, model) });
const crew = hire({ state, model, scenarios, risk: riskOf(policy, state) }, 2);
const search = searchOf({ panel, state, model, scenarios, policy });
const found: Surrogate[] = [];
for (const seed of SEEDS) {
  found.push((await learn({ ...search, evaluate: crew.evaluate, recommended: parametersOf(state) }, { samples: SAMPLES, seed }))!);
  process.stderr.write(`surrogate  seed ${seed} of ${SEEDS.length}\n`);
}
await crew.close();

const millions = (usd: number) => `${(usd / 1e6).toFixed(2)}`;
const rows = found.map(({ errors, proposal: { best, plainBest, kept, judged, limitUsd, recommendedPowerUsd } }, i) =>
  [
    ...['', SEEDS[i], errors.network.toFixed(3), errors.linear.toFixed(3), `${millions(errors.worstUsd)} m`, errors.rank.toFixed(3)],
    ...[`${(100 * errors.inside).toFixed(0)} %`, `${kept} of ${judged}`, `${millions(limitUsd)} m`],
    ...[recommendedPowerUsd, best?.borrowingPowerUsd, plainBest?.borrowingPowerUsd].map((usd) =>
      usd === undefined ? 'none' : `${millions(usd)} m`,
    ),
    '',
  ]
    .join(' | ')
    .trim(),
);
const [first] = found;
writeFileSync(
  OUT,
  `# The surrogate against the engine

Made by \`npm run evidence -- surrogate\`: the built-in market and book, ${first!.axes.length} haircuts that may move (${first!.axes.map(({ asset }) => asset).join(', ')}), ${SAMPLES} plans drawn evenly between the loosest haircut that walls and gap
allow and half way to the tightest, judged by the engine on ${first!.paths} paths; a quarter held out, and a quarter of the rest kept aside to set how wide the guess is (conformal, 80 %). The guess is of expected shortfall. Its limit in the last columns: today's parameters' own shortfall.

| seed | error over spread, network | a plane | worst error | rank correlation | inside the guessed 10 to 90 % | plans put forward that keep the limit | limit | power today | best of those put forward | best of as many at random |
|---|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

An error over spread of 1 is no better than the mean of what was held out. ${verdict()} A guess is no advice: the search (\`tuner/search.ts\`) does not ask the surrogate, and every plan it puts forward is judged by the engine before it is shown.
Seed 1 was looked at while a first version, without the plane, was thrown away for being worse than one.
`,
);
process.stderr.write(`surrogate  ${OUT} written\n`);

function verdict(): string {
  const wins = found.filter(({ errors }) => errors.network < errors.linear).length;
  const better = found.filter(
    ({ proposal: { best, plainBest } }) => (best?.borrowingPowerUsd ?? 0) > (plainBest?.borrowingPowerUsd ?? 0),
  ).length;
  return `The network is nearer than the plane under ${wins} of ${found.length} seeds; its plans have more power than as many at random under ${better}.`;
}
