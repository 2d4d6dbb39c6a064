/** The page of the walk-forward proof, from what each date knew and what then came. */
import { writeFileSync } from 'node:fs';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { RULES, type Rule } from '../../tuner/backtest/rules.ts';
import { BASE, haircutsOf, type Origin, type Variant, type WindowResult, walk } from '../../tuner/backtest/walk.ts';
import { at, type Frontier, frontierOf, type Point, plot } from './frontier.ts';

const OUT = 'docs/evidence/backtest';
const KNOBS = [0.5, 0.7, 0.85, 1, 1.2, 1.5, 2];
/** Worst share of market weeks: fixed beforehand (methods, §12); one in twenty beside it, because 1 % of three years is two weeks. */
const CRASHES = [0.01, 0.05];
const SIMPLE: readonly Rule[] = ['historical', 'ewma', 'fixed'];
/** Knobs are set so that the book loses at most this share of its power in the year before the split. */
const BUDGET_SHARE = 0.002;

const VARIANTS: readonly [string, Partial<Variant>][] = [
  ['as declared: 5 days, collateral by volume', {}],
  ['1 day (guard)', { delaySeconds: SECONDS_PER_DAY }],
  ['collateral even over assets', { imputation: 'even' }],
  ['nearly all borrow nearly all', { imputation: 'leveraged' }],
  ['depth × 1/3', { depthFactor: 1 / 3 }],
  ['depth × 3', { depthFactor: 3 }],
];

export function report(
  kernel: Kernel,
  origins: readonly Origin[],
  after: (from: string, seconds: number) => MarketPanel,
  everySeconds: number,
  split: string,
): void {
  const lines = [
    '# Walk-forward proof',
    '',
    'Made by `npm run evidence -- backtest`. Hourly bars, weekly dates, at most a year of earlier bars each; the whole joint law is fitted again every week. An exogenous',
    'book of a billion dollars borrows against the haircuts in force at the start of each week (`tuner/backtest/book.ts`, written before any result was seen). The same guardrails for all but',
    `hindsight: at most ${BASE.guardrails!.tightenBps / 100} points tighter and ${BASE.guardrails!.loosenBps / 100} looser a week. Rules: \`tuner/backtest/rules.ts\`. **law** is the fitted law's expected shortfall and cost of sale, with a quarter's weight`,
    'on the worst it has said; it is not yet the whole tuner (no search over the engine, no caps, no bonus), so this page proves the law, not the tuner.',
    `Dates ${origins[0]!.at.slice(0, 10)} to ${origins.at(-1)!.at.slice(0, 10)}; knobs are set on those before ${split.slice(0, 10)}, everything below is about those after. Million USD.`,
  ];
  const curves: [string, Frontier][] = [];
  for (const [says, overrides] of VARIANTS) {
    const variant = { ...BASE, ...overrides };
    process.stderr.write(`backtest  ${says}\n`);
    const all = RULES.flatMap((rule) => walk(kernel, origins, after, everySeconds, rule, KNOBS, variant));
    const tested = all.filter(({ from }) => from >= split);
    const before = all.filter(({ from }) => from < split);
    lines.push('', `## ${says}`, '', ...section(tested, before));
    if (says === VARIANTS[0]![0]) {
      for (const rule of RULES) curves.push([rule, frontierOf(tested.filter((one) => one.policy === rule))]);
      writeFileSync(`${OUT}.svg`, plot(curves));
      writeFileSync(`${OUT}.csv`, csv(chosen(tested, before)));
    }
    write(lines, origins, split);
  }
}

/** After every part, so that a run cut short leaves what it has. */
function write(parts: readonly string[], origins: readonly Origin[], split: string): void {
  const lines = [...parts];
  lines.push('', '## Procyclicality of the law’s own haircuts, knob 1', '', ...procyclicality(origins, split));
  lines.push('', '![Bad debt over borrowing power, by rule](backtest.svg)');
  writeFileSync(`${OUT}.md`, `${lines.join('\n')}\n`);
}

function section(tested: readonly WindowResult[], before: readonly WindowResult[]): string[] {
  const weeks = new Map(tested.map(({ from, marketLow }) => [from, marketLow]));
  const ordered = [...weeks].sort((a, b) => a[1] - b[1]).map(([from]) => from);
  const spans: [string, (one: WindowResult) => boolean][] = [
    ...CRASHES.map((share): [string, (one: WindowResult) => boolean] => {
      const worst = new Set(ordered.slice(0, Math.ceil(share * ordered.length)));
      return [`worst ${100 * share} % of weeks (${worst.size})`, ({ from }) => worst.has(from)];
    }),
    [`all ${ordered.length} weeks`, () => true],
  ];
  const knobs = knobsOf(before);
  const rows = [...knobs].map(([rule, knob]) => {
    const own = tested.filter((one) => one.policy === rule && one.knob === knob);
    const cells = spans.map(([, within]) => {
      const [point] = frontierOf(own.filter(within));
      return `${m(point!.badDebtUsd)} / ${m(point!.penaltyUsd)}`;
    });
    return `| ${rule} | ${knob} | ${m(frontierOf(own)[0]!.powerUsd)} | ${cells.join(' | ')} |`;
  });
  const equal = spans.map(([says, within]) => atEqualPower(says, tested.filter(within), tested));
  const lost = worstFor(tested, knobs);
  return [
    `Weeks in which the law lost more than the best simple rule, the worst first (knobs set before, bad debt): ${lost.length === 0 ? 'none' : lost.join('; ')}.`,
    '',
    `| rule | knob set before | mean power | ${spans.map(([says]) => `${says}: bad debt / penalties`).join(' | ')} |`,
    `|---|---|---|${spans.map(() => '---').join('|')}|`,
    ...rows,
    '',
    'At equal mean power, along the whole frontiers:',
    '',
    '| weeks | power | law: bad debt / penalties | best simple rule | law over it | distance to hindsight closed |',
    '|---|---|---|---|---|---|',
    ...equal.flat(),
  ];
}

/** Rows at three powers inside what the law and a simple rule both reach. */
function atEqualPower(says: string, part: readonly WindowResult[], whole: readonly WindowResult[]): string[] {
  const curve = (rule: Rule) => {
    // Power is that of all weeks, losses those of the part.
    const power = frontierOf(whole.filter((one) => one.policy === rule));
    return frontierOf(part.filter((one) => one.policy === rule)).map(
      (point, index): Point => ({ ...point, powerUsd: power[index]!.powerUsd }),
    );
  };
  const law = curve('law');
  const simple = SIMPLE.map((rule) => [rule, curve(rule)] as const);
  const low = Math.max(
    ...[law, ...simple.map(([, points]) => points)].map((points) => Math.min(...points.map(({ powerUsd }) => powerUsd))),
  );
  const high = Math.min(
    ...[law, ...simple.map(([, points]) => points)].map((points) => Math.max(...points.map(({ powerUsd }) => powerUsd))),
  );
  if (!(high > low)) return [`| ${says} | no power that all reach | | | | |`];
  return [0.25, 0.5, 0.75].map((share) => {
    const power = low + share * (high - low);
    const ours = at(law, power);
    const best = simple.map(([rule, points]) => ({ rule, ...at(points, power) })).sort((a, b) => a.badDebtUsd - b.badDebtUsd)[0]!;
    const ideal = at(curve('hindsight'), power).badDebtUsd;
    const ratio =
      best.badDebtUsd > 0 ? (ours.badDebtUsd / best.badDebtUsd).toFixed(2) : ours.badDebtUsd > 0 ? 'worse than none' : 'both none';
    const closed =
      best.badDebtUsd - ideal > 0 ? `${((100 * (best.badDebtUsd - ours.badDebtUsd)) / (best.badDebtUsd - ideal)).toFixed(0)} %` : '';
    return `| ${says} | ${m(power)} | ${m(ours.badDebtUsd)} / ${m(ours.penaltyUsd)} | ${best.rule} ${m(best.badDebtUsd)} / ${m(best.penaltyUsd)} | ${ratio} | ${closed} |`;
  });
}

/** The loosest knob whose bad debt before the split stays inside the budget; the tightest where none does. */
function knobsOf(before: readonly WindowResult[]): ReadonlyMap<Rule, number> {
  return new Map(
    RULES.map((rule) => {
      const points = frontierOf(before.filter((one) => one.policy === rule));
      const fits = points.find(({ badDebtUsd, powerUsd }) => badDebtUsd <= BUDGET_SHARE * powerUsd);
      return [rule, (fits ?? points.at(-1)!).knob];
    }),
  );
}

function chosen(tested: readonly WindowResult[], before: readonly WindowResult[]): readonly WindowResult[] {
  const knobs = knobsOf(before);
  return tested.filter(({ policy, knob }) => knobs.get(policy) === knob);
}

function worstFor(tested: readonly WindowResult[], knobs: ReadonlyMap<Rule, number>): string[] {
  const of = (rule: Rule) =>
    new Map(tested.filter((one) => one.policy === rule && one.knob === knobs.get(rule)).map((one) => [one.from, one]));
  const [law, ...simple] = (['law', ...SIMPLE] as const).map(of);
  return [...law!.values()]
    .map((one) => ({
      from: one.from,
      more: one.badDebtUsd - Math.min(...simple.map((rule) => rule.get(one.from)!.badDebtUsd)),
      own: one.badDebtUsd,
    }))
    .filter(({ more }) => more > 1e3)
    .sort((a, b) => b.more - a.more)
    .slice(0, 5)
    .map(({ from, more, own }) => `${from.slice(0, 10)} ${m(own)} (${m(more)} more)`);
}

function procyclicality(origins: readonly Origin[], split: string): string[] {
  const mean = (haircuts: Readonly<Record<string, number>>) => {
    const values = Object.values(haircuts);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const rows = [
    ['stress weight and guardrails', BASE],
    ['guardrails alone', { ...BASE, stressWeight: 0 }],
    ['stress weight alone', { ...BASE, guardrails: null }],
    ['neither', { ...BASE, stressWeight: 0, guardrails: null }],
  ] as const;
  return [
    '| | peak over trough | largest rise in a week | largest rise in 4 weeks |',
    '|---|---|---|---|',
    ...rows.map(([says, variant]) => {
      const path = haircutsOf(origins, 'law', 1, variant)
        .filter((_, index) => origins[index]!.at >= split)
        .map(mean);
      const rise = (weeks: number) => Math.max(...path.slice(weeks).map((value, index) => value - path[index]!));
      return `| ${says} | ${(Math.max(...path) / Math.min(...path)).toFixed(2)} | ${(rise(1) / 100).toFixed(1)} points | ${(rise(4) / 100).toFixed(1)} points |`;
    }),
  ];
}

function csv(windows: readonly WindowResult[]): string {
  const columns = [
    'from',
    'to',
    'policy',
    'knob',
    'badDebtUsd',
    'penaltyUsd',
    'liquidatedUsd',
    'needlessAccounts',
    'borrowingPowerUsd',
    'marketLow',
  ] as const;
  return `${[columns, ...windows.map((one) => columns.map((column) => one[column]))].map((cells) => cells.join(',')).join('\n')}\n`;
}

function m(usd: number): string {
  return (usd / 1e6).toFixed(usd >= 1e8 ? 0 : 2);
}
