/**
 * How long before crashes a predictive margin warns, against simple rules at the same rate of false alarms: `npm run evidence -- lead`, four minutes where no date is
 * known yet. Reads ../shared/data/hourly; what each refit date knew is kept in out/evidence/lead. Writes docs/evidence/lead.md and .svg.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { PURPOSE, uniform } from '../base/random.ts';
import { mean, quantileOfSorted } from '../models/math/statistics.ts';
import * as Alarms from '../tuner/backtest/alarms.ts';
import { type FieldLimit, parsePolicy } from '../tuner/policy.ts';
import * as Real from './books/real.ts';
import * as Cover from './lead/cover.ts';
import * as Known from './lead/known.ts';
import * as Score from './lead/score.ts';
import * as Walk from './lead/walk.ts';
import { caught } from './plots/caught.ts';

const OUT = 'docs/evidence/lead';
const [FIRST, SPLIT, LAST] = ['2020-07-06', '2021-01-01', '2023-12-30'] as const;
const STARTS = '2020-01-01';
const EVERY_DAYS = 28;
const RATES = [0.02, 0.05, 0.1];
const HEADLINE = 0.05;
/** Its last days as the first LUNA outweigh everything else that stays uncovered. */
const HEAVIEST = 'LUNA';
const POLICY = 'tuner/policies/perp-venue.yaml';
const SEED = 1;
const DRAWS = 2_000;
const MOVING = Walk.RULES.filter((rule) => rule !== 'still');

if (existsSync(Real.DATA)) await main();
else process.stderr.write(`not covered: ${Real.DATA} is absent\n`);

async function main(): Promise<void> {
  const bars = await Real.bars();
  const [startMs, untilMs] = [Date.parse(STARTS), Date.parse(LAST)];
  const dates: number[] = [];
  for (let at = Date.parse(FIRST); at < untilMs; at += EVERY_DAYS * 24 * Known.HOUR_MS) dates.push(at);
  const known = await Known.known(bars, dates, 'out/evidence/lead', (says) => process.stderr.write(`lead  ${says}\n`));
  const walked = Walk.walk(Real.after(bars, STARTS, LAST), startMs, known, untilMs);
  const span = (from: string, to: string): Score.Span => ({ fromDay: Score.dayOf(from, startMs), toDay: Score.dayOf(to, startMs) });
  const [before, test] = [span(FIRST, SPLIT), span(SPLIT, LAST)];
  const events = Score.marketEvents(walked, test);
  const calmBefore = Score.calmDays(walked, Score.marketEvents(walked, before), before);
  const calm = Score.calmDays(walked, events, test);
  const hits = walked.flatMap((asset) => Score.hitsOf(asset, events));
  const own = walked.flatMap((asset) => Score.hitsOf(asset, Score.ownEvents(asset, test)));
  const at = (of: readonly Score.Hit[], bars_: Score.ByRule<number[]>, rate: number) =>
    Score.each((rule) => Score.leadOf(rule, of, Alarms.barFor(bars_[rule], Math.floor(rate * bars_[rule].length)), calm[rule]));
  const equal = at(hits, calm, HEADLINE);
  const limit = parsePolicy(readFileSync(POLICY, 'utf8'), POLICY).fields.marginMultiplierPpm;
  const day = (index: number) => new Date(startMs + index * 24 * Known.HOUR_MS).toISOString().slice(0, 10);
  const asked = known.filter(({ atMs }) => atMs >= Date.parse(SPLIT)).flatMap(({ assets }) => assets);

  const lines = [
    '# Lead time of predictive margins',
    '',
    `Made by \`npm run evidence -- lead\`. Hourly bars of Binance, ${walked.length} assets, each from 180 days after its first bar; scored ${SPLIT} to ${LAST}. Every ${EVERY_DAYS} days from ${FIRST} the joint law is`,
    'fitted again on at most 365 days of earlier bars; in between only its variance moves on, by the bars up to the hour; the regime stands in its usual state (what a regime does to volatility was between',
    `× ${Math.min(...known.map(({ multipliers }) => multipliers[0])).toFixed(2)} and × ${Math.max(...known.map(({ multipliers }) => multipliers[1])).toFixed(2)} in these fits). The forecaster was trained at each refit from ${SPLIT} on with a year of bars: its gate was open for ${asked.filter(({ gate }) => gate > 0).length} of ${asked.length} assets and dates; there it is left out here, elsewhere **law** is what`,
    "`tuner/margin/predictive.ts` would have said. There is no series of gas fees here: **law + volume** stretches the law by the market's hourly volume over its median of a week, as a proxy; what real fees would say is not known.",
    '',
    `Rules give one multiplier an hour: the ${100 * Known.LEVEL} % move within ${Known.PERIOD_HOURS} hours by their own reading, over the asset's base margin (the ${100 * Known.LEVEL} % quantile of the larger of fall and rise within ${Known.PERIOD_HOURS} hours, over the year before the refit).`,
    'ewma: 0.94 a day; day, week: the last 24 and 168 hours; garch: GARCH(1,1), normal (`evidence/lead/walk.ts`). Added after a first result: ewma-hour (0.94 an hour; the daily decay is too slow',
    'to be an opponent), day + volume (whether volume or the law is what warns) and the columns without LUNA. Everything else was declared before any (`evidence/lead/score.ts`):',
    '',
    `- Crashes: the worst ${100 * Score.EVENT_SHARE} % of days by the lowest 24-hour move of the median asset, days within three of each other as one: ${events.length} crashes. The event of an asset: the first hour, from a day before on, in`,
    `  which it has fallen within ${Known.PERIOD_HOURS} hours by its whole base margin, the move that a multiplier of 1 does not cover: ${hits.length} events. Own crashes: the same by each asset's own worst ${100 * Score.EVENT_SHARE} % of days, ${own.length} events.`,
    `- A rule warns while its multiplier is above its bar, one bar for all assets. Lead: hours from the first warning among the ${Score.WINDOW_HOURS} before the event to it; none, or one in the hour itself, is 0.`,
    '- False alarm: a calm day of an asset with a warning in it. Calm: no crash within three days, and no fall or rise beyond the base margin that day or the next.',
    `  ${calm.law.length} calm days of assets in the test, ${calmBefore.law.length} before it.`,
    '',
    ...headline(equal, hits, events.length),
    ...lostSection(equal, hits, events, day),
    ...RATES.flatMap((rate) =>
      table(`## Market crashes, ${100 * rate} % of calm days with a false alarm, equal`, at(hits, calm, rate), events.length, hits),
    ),
    `![Share of events warned of, by hours before](lead.svg)`,
    '',
    ...table(`## Market crashes, bars set before ${SPLIT} at ${100 * HEADLINE} %`, at(hits, calmBefore, HEADLINE), events.length, hits),
    'Bars set on half a year of eight assets meet other markets: what came of the rate stands in the column. Leads at different rates do not compare.',
    '',
    ...table(`## Own crashes, ${100 * HEADLINE} %, equal`, at(own, calm, HEADLINE), events.length, null),
    ...coverSection(walked, test, events, startMs, limit),
  ];
  writeFileSync(`${OUT}.md`, lines.join('\n'));
  writeFileSync(
    `${OUT}.svg`,
    caught(
      `Share of events warned of, ${100 * HEADLINE} % false alarms`,
      Score.WINDOW_HOURS,
      MOVING.map((rule) => [rule, equal[rule].leads]),
    ),
  );
  process.stderr.write(`${OUT}.md written\n`);
}

function headline(leads: Score.ByRule<Score.Lead>, hits: readonly Score.Hit[], events: number): string[] {
  const best = bestOf(leads);
  const of = (rule: Walk.Rule) => `${rule} ${pct(leads[rule].caught)} of events, median ${leads[rule].median.toFixed(1)} h`;
  return [
    `At ${100 * HEADLINE} %: ${MOVING.map(of).join('; ')}. Mean lead of law less that of ${best}, the best simple rule: ${interval(leads.law.leads, leads[best].leads, hits, events)} h.`,
    `With ${events} crashes an interval over crashes is wide and rough.`,
    '',
  ];
}

/** The best simple rule of a table: most events caught, then the longest mean lead. */
function bestOf(leads: Score.ByRule<Score.Lead>): Walk.Rule {
  return Walk.SIMPLE.reduce((best, rule) =>
    leads[rule].caught > leads[best].caught || (leads[rule].caught === leads[best].caught && leads[rule].mean > leads[best].mean)
      ? rule
      : best,
  );
}

function lostSection(
  leads: Score.ByRule<Score.Lead>,
  hits: readonly Score.Hit[],
  events: readonly Score.Event[],
  day: (index: number) => string,
): string[] {
  const best = bestOf(leads);
  const rows = events.map((event, index) => {
    const of = (rule: Walk.Rule) => leads[rule].leads.filter((_, at) => hits[at]!.event === index);
    return {
      event,
      assets: of('law').length,
      lead: Score.each((rule) => mean(of(rule))),
      caught: of('law').filter((lead) => lead > 0).length,
    };
  });
  rows.sort((a, b) => a.lead.law - a.lead[best] - (b.lead.law - b.lead[best]));
  return [
    `## Crash by crash, those first in which the law was later than ${best} (the best simple rule at ${100 * HEADLINE} %)`,
    '',
    `Mean lead in hours over the assets that fell by their base margin.`,
    '',
    `| crash | median asset's worst 24 h | assets | warned by law | ${MOVING.join(' | ')} |`,
    `|---|---|---|---|${MOVING.map(() => '---').join('|')}|`,
    ...rows.map(
      ({ event, assets, lead, caught: warned }) =>
        `| ${day(event.first)}${event.last > event.first ? ` to ${day(event.last)}` : ''} | ${(100 * event.move).toFixed(1)} % | ${assets} | ${warned} | ${MOVING.map((rule) => (assets === 0 ? '–' : lead[rule].toFixed(1))).join(' | ')} |`,
    ),
    '',
  ];
}

function table(title: string, leads: Score.ByRule<Score.Lead>, events: number, hits: readonly Score.Hit[] | null): string[] {
  const best = bestOf(leads);
  const rows = MOVING.map((rule) => {
    const { bar, falseRate, caught: share, median, mean: average } = leads[rule];
    const difference = hits === null ? '' : ` ${rule === best ? '' : interval(leads[rule].leads, leads[best].leads, hits, events)} |`;
    return `| ${rule} | × ${bar.toFixed(2)} | ${pct(falseRate)} | ${pct(share)} | ${median.toFixed(1)} | ${average.toFixed(1)} |${difference}`;
  });
  return [
    title,
    '',
    `| rule | bar | calm days with a false alarm | events warned of before | median lead, h | mean lead, h |${hits === null ? '' : ` mean lead less that of ${best}, 95 % over crashes |`}`,
    `|---|---|---|---|---|---|${hits === null ? '' : '---|'}`,
    ...rows,
    '',
  ];
}

/** Of the difference of mean leads, crashes drawn whole: assets of one crash are one market. */
function interval(a: readonly number[], b: readonly number[], hits: readonly Score.Hit[], events: number): string {
  const sums = Array.from({ length: events }, (_, event) => {
    const mine = a.map((lead, at) => lead - b[at]!).filter((_, at) => hits[at]!.event === event);
    return { sum: mine.reduce((total, value) => total + value, 0), count: mine.length };
  });
  const draws = Float64Array.from({ length: DRAWS }, (_, path) => {
    let [sum, count] = [0, 0];
    for (let k = 0; k < events; k += 1) {
      const drawn = sums[Math.floor(uniform(SEED, PURPOSE.bootstrap, path, k, 0) * events)]!;
      sum += drawn.sum;
      count += drawn.count;
    }
    return count === 0 ? 0 : sum / count;
  }).sort();
  const difference = mean(a) - mean(b);
  return `${difference.toFixed(1)} (${quantileOfSorted(draws, 0.025).toFixed(1)} to ${quantileOfSorted(draws, 0.975).toFixed(1)})`;
}

function coverSection(
  walked: readonly Walk.Walked[],
  span: Score.Span,
  events: readonly Score.Event[],
  startMs: number,
  limit: FieldLimit,
): string[] {
  const apart = walked.filter(({ asset }) => asset !== HEAVIEST);
  const section = (title: string, held: Cover.Way) => {
    const covers = Cover.cover(walked, span, events, startMs, held);
    const others = Cover.cover(apart, span, events, startMs, held);
    const over = (of: Score.ByRule<Cover.Cover>, rule: Walk.Rule) => {
      const [low, high] = Cover.ratioInterval(of[rule].weekly, of.law.weekly, SEED);
      return rule === 'law' ? '1' : `${(of[rule].meanBps / of.law.meanBps).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
    };
    return [
      `### ${title}`,
      '',
      `| rule | origins beyond the margin | uncovered a move, bps of notional | in the crashes, sum of bps | largest, bps | uncovered over that of law, 95 % over weeks | bps without ${HEAVIEST} | over law without ${HEAVIEST} | peak to trough | rise in five days, 99 % |`,
      '|---|---|---|---|---|---|---|---|---|---|',
      ...Walk.RULES.map((rule) => {
        const { breaches, meanBps, eventBps, largestBps, peakToTrough, fiveDayRise } = covers[rule];
        const figures = [pct(breaches), meanBps.toFixed(3), eventBps.toFixed(0), largestBps.toFixed(0), over(covers, rule)];
        const rest = [others[rule].meanBps.toFixed(3), over(others, rule), peakToTrough.toFixed(2), fiveDayRise.toFixed(2)];
        return `| ${[rule, ...figures, ...rest].join(' | ')} |`;
      }),
      '',
    ];
  };
  return [
    '## Margin at equal mean: what stays uncovered',
    '',
    `Origins every ${Known.PERIOD_HOURS} hours, the larger of fall and rise in the ${Known.PERIOD_HOURS} hours after. Where there is a floor it is the base margin (article 28(1)(c) in kind). Each rule's margin of each asset is scaled to the mean of the base margin over the`,
    'test, so that all ask for the same on average and **still** is a fixed margin. The scale is known only afterwards, for every rule alike. Procyclicality beside it, medians over assets (Murphy, Vasios, Vause, Bank of England FS Paper 29, 2014).',
    '',
    ...section('As if the target could be met at once, with no floor', 'bare'),
    ...section('The same, never below the base margin', 'floored'),
    ...section(`Within the speed limit of \`${POLICY}\``, limit),
  ];
}

function pct(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
