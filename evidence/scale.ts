/**
 * No silent failure: `npx tsx evidence/scale.ts [series a size] [model …]`. Writes docs/evidence/scale.md, where rows of models that are not
 * named stay as they are; resumes from evidence/.scale.jsonl. An hour for EGARCH, ten minutes for the others.
 *
 * Series of 250 to 3,000 bars are simulated from GJR and EGARCH laws drawn at random, and multiplied by c. Every model × error law is
 * fitted to each; a fit fails silently if its log-likelihood + n ln c differs by more than 1e-6 between scales while it says `converged`.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { PURPOSE, uniform } from '../base/random.ts';
import * as Egarch from '../models/egarch.ts';
import * as Garch from '../models/garch.ts';

const SEED = 20_261_122;
const SIZES = [250, 500, 1_000, 250, 500, 3_000];
const SCALES = [1e-6, 1e-4, 1e-2, 1, 1e2, 1e4, 1e6];
const TOLERANCE = 1e-6;
const PROGRESS = 'evidence/.scale.jsonl';
const OUT = 'docs/evidence/scale.md';
const named = process.argv.slice(3);
const ALL = (['garch', 'gjr', 'egarch'] as const).flatMap((model) =>
  (['normal', 'student', 'skewed'] as const).map((errors) => ({ model, errors })),
);
const MODELS = ALL.filter(({ model }) => named.length === 0 || named.includes(model));

type Outcome = { readonly series: number; readonly model: string; readonly bars: number; readonly worst: number; readonly flagged: number };

const perSize = Number(process.argv[2] ?? 168);
const done: Outcome[] = existsSync(PROGRESS)
  ? readFileSync(PROGRESS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Outcome)
  : [];
const seen = new Set(done.map(({ series, model }) => `${series} ${model}`));
const earlier = existsSync(OUT) ? readFileSync(OUT, 'utf8').split('\n') : [];
const began = performance.now();
for (let series = 0; series < perSize * SIZES.length; series += 1) {
  const outcomes = judge(series);
  if (outcomes.length === 0) continue;
  appendFileSync(PROGRESS, `${outcomes.map((outcome) => JSON.stringify(outcome)).join('\n')}\n`);
  done.push(...outcomes);
  if (series % 20 === 0) report();
  if (series % 20 === 0) process.stderr.write(`series ${series}, ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
}
report();

function judge(series: number): Outcome[] {
  const bars = SIZES[series % SIZES.length]!;
  const returns = simulated(series, bars);
  return MODELS.filter(({ model, errors }) => !seen.has(`${series} ${model}-${errors}`)).map(({ model, errors }) => {
    const fits = SCALES.map((scale) => {
      const { logLikelihood, observations, converged } = fitted(
        returns.map((r) => r * scale),
        model,
        errors,
      );
      return { value: logLikelihood + observations * Math.log(scale), converged };
    });
    const best = fits.reduce((most, { value }) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const sure = fits.filter(({ converged }) => converged);
    const worst = sure.reduce((most, { value }) => Math.max(most, best - value), 0);
    return { series, model: `${model}-${errors}`, bars, worst, flagged: fits.length - sure.length };
  });
}

function fitted(returns: Float64Array, model: (typeof ALL)[number]['model'], errors: Garch.Spec['errors']) {
  const common = { mean: 'constant', errors, presample: 'backcast' } as const;
  return model === 'egarch' ? Egarch.fit(returns, common) : Garch.fit(returns, { ...common, asymmetric: model === 'gjr' });
}

/** A law drawn anew for each series: persistence .8 to .999, ν 3 to 20, λ within .3. */
function simulated(series: number, bars: number): Float64Array {
  const draw = (lane: number) => uniform(SEED, PURPOSE.sampleMarket, series, 0, lane);
  const stream = { seed: SEED, purpose: PURPOSE.sampleMarket, path: 1_000_000 + series };
  const persistence = 1 - 10 ** (-0.7 - 2.3 * draw(0));
  const news = 0.02 + 0.18 * draw(1);
  const law = { mu: 0.05, nu: 3 + 17 * draw(2), lambda: 0.6 * draw(3) - 0.3 };
  if (series % 3 === 0) {
    return Egarch.simulate({ ...law, omega: 0, alpha: 2 * news, gamma: 0.2 * draw(4) - 0.15, beta: persistence }, bars, stream);
  }
  const gamma = news * draw(4);
  return Garch.simulate(
    { ...law, lambda: null, omega: 1 - persistence, alpha: news - gamma / 2, gamma, beta: Math.max(0, persistence - news) },
    bars,
    stream,
  );
}

function report(): void {
  const rows = ALL.map(({ model, errors }) => {
    const kept = earlier.find((line) => line.startsWith(`| ${model} ${errors} |`));
    if (!MODELS.some((one) => one.model === model) && kept !== undefined) return kept;
    const mine = done.filter((outcome) => outcome.model === `${model}-${errors}`);
    const fits = mine.length * SCALES.length;
    const flagged = mine.reduce((sum, outcome) => sum + outcome.flagged, 0);
    const silent = mine.filter(({ worst }) => worst > TOLERANCE).length;
    const worst = mine.reduce((most, outcome) => Math.max(most, outcome.worst), 0);
    return `| ${model} ${errors} | ${mine.length} | ${fits} | ${flagged} | ${silent} | ${worst.toExponential(1)} |`;
  });
  mkdirSync('docs/evidence', { recursive: true });
  writeFileSync(
    OUT,
    [
      '# The same fit in every unit',
      '',
      `Made by \`npx tsx evidence/scale.ts\`: ${new Set(done.map(({ series }) => series)).size} simulated series of ${SIZES.join(', ')} bars in turn, each times`,
      `${SCALES.map((scale) => scale.toExponential(0)).join(', ')}. A series is silently short where log-likelihood + n ln c of a fit that says it`,
      `converged is more than ${TOLERANCE} below the best of the seven.`,
      ...(named.length > 0 ? [`Made again last: ${named.join(', ')}; the other rows are of an earlier run.`] : []),
      '',
      '| model | series | fits | flagged not converged | series silently short | largest difference of a converged fit |',
      '|---|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  );
}
