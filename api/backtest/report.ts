/** The page of the walk-forward proof, from what each date knew and what then came. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { RULES, type Rule } from '../../tuner/backtest/rules.ts';
import { BASE, haircutsOf, type Origin, type Variant, type WindowResult, walk } from '../../tuner/backtest/walk.ts';
import { NoDatesError } from './dates.ts';
import { at, type Frontier, frontierOf, type Point, plot } from './frontier.ts';

export type Order = {
  /** What made this page, as a reader would type it. */
  readonly command: string;
  readonly kernel: Kernel;
  readonly origins: readonly Origin[];
  readonly after: (from: string, seconds: number) => MarketPanel;
  readonly everySeconds: number;
  readonly historyDays: number;
  /** Knobs are chosen on the windows before it; the claim is about those after it. */
  readonly split: string;
  readonly out: string;
  readonly onVariant: (says: string) => void;
};

/** Multiples of what a rule said; the tuner's are −log₁₀ of the price of risk. From loose to tight. */
const KNOBS = [0.5, 0.7, 0.85, 1, 1.2, 1.5, 2];
const PRICES = [1, 2, 2.5, 3, 3.5, 4, 5, 6, 7];
/** Worst share of market weeks: fixed beforehand (methods, §12); one in twenty beside it, because 1 % of three years is two weeks. */
const CRASHES = [0.01, 0.05];
const OURS: readonly Rule[] = ['tuner', 'law'];
const SIMPLE: readonly Rule[] = ['historical', 'ewma', 'fixed'];
/** Knobs are set so that the book loses at most this share of its power in the time before the split. */
const BUDGET_SHARE = 0.002;

export const VARIANTS: readonly [string, Partial<Variant>][] = [
  ['as declared: 5 days, collateral by volume', {}],
  ['1 day (guard)', { delaySeconds: SECONDS_PER_DAY }],
  ['collateral even over assets', { imputation: 'even' }],
  ['nearly all borrow nearly all', { imputation: 'leveraged' }],
  ['depth × 1/3', { depthFactor: 1 / 3 }],
  ['depth × 3', { depthFactor: 3 }],
];

/** Writes backtest.md, .svg and .csv (the windows at the knobs set before) into `out`. */
export function report(order: Order, variants: readonly (readonly [string, Partial<Variant>])[] = VARIANTS): void {
  const { kernel, origins, after, everySeconds, split, out } = order;
  const lines = [...opening(order)];
  for (const [index, [says, overrides]] of variants.entries()) {
    order.onVariant(says);
    const variant = { ...BASE, ...overrides };
    const all = RULES.flatMap((rule) => walk(kernel, origins, after, everySeconds, rule, rule === 'tuner' ? PRICES : KNOBS, variant));
    const tested = all.filter(({ from }) => from >= split);
    const before = all.filter(({ from }) => from < split);
    if (tested.length === 0 || before.length === 0)
      throw new NoDatesError({
        got: `windows from ${all[0]!.from} to ${all.at(-1)!.from}, split ${split}`,
        needed: 'windows on both sides of the split; one begins a few days after its date',
        where: says,
      });
    lines.push('', `## ${says}`, '', ...section(tested, before));
    if (index === 0) {
      writeFileSync(
        join(out, 'backtest.svg'),
        plot(RULES.map((rule): [string, Frontier] => [rule, frontierOf(tested.filter((one) => one.policy === rule))])),
      );
      writeFileSync(join(out, 'backtest.csv'), csv(chosen(tested, before)));
    }
    // After every part, so that a run cut short leaves what it has.
    const end = ['', '## Procyclicality of our own haircuts', '', ...procyclicality(kernel, origins, split)];
    writeFileSync(
      join(out, 'backtest.md'),
      `${[...lines, ...end, '', '![Bad debt over borrowing power, by rule](backtest.svg)'].join('\n')}\n`,
    );
  }
}

function opening({ command, origins, historyDays, everySeconds, split }: Order): string[] {
  const { tightenBps, loosenBps } = BASE.guardrails!;
  const [first, last] = [origins[0]!.at, origins.at(-1)!.at].map((time) => time.slice(0, 10));
  return [
    '# Walk-forward proof',
    '',
    `Made by \`${command}\`. Dates ${everySeconds / SECONDS_PER_DAY} days apart from ${first} to ${last}, at most ${historyDays} days of earlier bars each; the whole joint law is fitted again at every date.`,
    'An exogenous book of a billion dollars borrows against the haircuts in force at the start of each window (`tuner/backtest/book.ts`, written before any result was seen). The same guardrails',
    `for all but hindsight: at most ${tightenBps / 100} points tighter and ${loosenBps / 100} looser a date. **tuner**: the engine runs the book through the law at every haircut of a ladder, and one price of risk for`,
    'all assets picks from the curves (`tuner/backtest/search.ts`); **law**: the expected shortfall of the law and the cost of sale, no engine. Both keep a quarter of their weight on the worst they have said.',
    'The other rules: `tuner/backtest/rules.ts`. Caps and bonus are not walked.',
    `Knobs are set on the windows before ${split.slice(0, 10)}, everything below is about those after. Million USD.`,
  ];
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
  const lost = OURS.map((rule) => {
    const worst = worstFor(rule, tested, knobs);
    return `- ${rule}: ${worst.length === 0 ? 'none' : worst.join('; ')}`;
  });
  return [
    'Windows in which our rule lost more than the best simple rule, the worst first (knobs set before, bad debt):',
    '',
    ...lost,
    '',
    `| rule | knob set before | mean power | ${spans.map(([says]) => `${says}: bad debt / penalties`).join(' | ')} |`,
    `|---|---|---|${spans.map(() => '---').join('|')}|`,
    ...rows,
    '',
    'At equal mean power, along the whole frontiers:',
    '',
    '| windows | power | our rule: bad debt / penalties | best simple rule | ours over it | distance to hindsight closed |',
    '|---|---|---|---|---|---|',
    ...OURS.flatMap((rule) => spans.flatMap(([says, within]) => atEqualPower(rule, says, tested.filter(within), tested))),
  ];
}

/** Rows at three powers that our rule and every simple one reach. */
function atEqualPower(own: Rule, says: string, part: readonly WindowResult[], whole: readonly WindowResult[]): string[] {
  const curve = (rule: Rule) => {
    // Power is that of all weeks, losses those of the part.
    const power = frontierOf(whole.filter((one) => one.policy === rule));
    return frontierOf(part.filter((one) => one.policy === rule)).map(
      (point, index): Point => ({ ...point, powerUsd: power[index]!.powerUsd }),
    );
  };
  const mine = curve(own);
  const simple = SIMPLE.map((rule) => [rule, curve(rule)] as const);
  const low = Math.max(
    ...[mine, ...simple.map(([, points]) => points)].map((points) => Math.min(...points.map(({ powerUsd }) => powerUsd))),
  );
  const high = Math.min(
    ...[mine, ...simple.map(([, points]) => points)].map((points) => Math.max(...points.map(({ powerUsd }) => powerUsd))),
  );
  if (!(high > low)) return [`| ${says} | no power that all reach | | | | |`];
  return [0.25, 0.5, 0.75].map((share) => {
    const power = low + share * (high - low);
    const ours = at(mine, power);
    const best = simple.map(([rule, points]) => ({ rule, ...at(points, power) })).sort((a, b) => a.badDebtUsd - b.badDebtUsd)[0]!;
    const ideal = at(curve('hindsight'), power).badDebtUsd;
    const ratio =
      best.badDebtUsd > 0 ? (ours.badDebtUsd / best.badDebtUsd).toFixed(2) : ours.badDebtUsd > 0 ? 'worse than none' : 'both none';
    const closed =
      best.badDebtUsd - ideal > 0 ? `${((100 * (best.badDebtUsd - ours.badDebtUsd)) / (best.badDebtUsd - ideal)).toFixed(0)} %` : '';
    return `| ${says} | ${m(power)} | ${own} ${m(ours.badDebtUsd)} / ${m(ours.penaltyUsd)} | ${best.rule} ${m(best.badDebtUsd)} / ${m(best.penaltyUsd)} | ${ratio} | ${closed} |`;
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

function worstFor(own: Rule, tested: readonly WindowResult[], knobs: ReadonlyMap<Rule, number>): string[] {
  const of = (rule: Rule) =>
    new Map(tested.filter((one) => one.policy === rule && one.knob === knobs.get(rule)).map((one) => [one.from, one]));
  const simple = SIMPLE.map(of);
  return [...of(own).values()]
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

function procyclicality(kernel: Kernel, origins: readonly Origin[], split: string): string[] {
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
    '| rule | | peak over trough | largest rise in a window | largest rise in 4 |',
    '|---|---|---|---|---|',
    ...(
      [
        ['tuner, price of risk 0.0001', 'tuner', 4],
        ['law, knob 1', 'law', 1],
      ] as const
    ).flatMap(([name, rule, knob]) =>
      rows.map(([says, variant]) => {
        const path = haircutsOf(kernel, origins, rule, knob, variant)
          .filter((_, index) => origins[index]!.at >= split)
          .map(mean);
        const rise = (windows: number) => {
          const rises = path.slice(windows).map((value, index) => value - path[index]!);
          return rises.length === 0 ? '' : `${(Math.max(...rises) / 100).toFixed(1)} points`;
        };
        const peak = (Math.max(...path) / Math.min(...path)).toFixed(2);
        return `| ${name} | ${says} | ${peak} | ${rise(1)} | ${rise(4)} |`;
      }),
    ),
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
