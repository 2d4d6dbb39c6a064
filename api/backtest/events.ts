/** The page of the walk-forward proof with each crash left out, from the windows of a backtest as its CSV has them. */
import { leaveOneOut, type Window } from '../../tuner/backtest/events.ts';

const SIMPLE = ['historical', 'ewma', 'fixed'];
/** Worst share of weeks: one in twenty, as in the page it stands beside. */
const CRASHES = 0.05;

export function page(csv: string): string {
  const [heading = '', ...lines] = csv.trim().split('\n');
  const names = heading.split(',');
  const windows = lines.map((line): Window => {
    const cells = line.split(',');
    const cell = (name: string) => cells[names.indexOf(name)]!;
    return {
      from: cell('from'),
      policy: cell('policy'),
      ...{ badDebtUsd: Number(cell('badDebtUsd')), penaltyUsd: Number(cell('penaltyUsd')), marketLow: Number(cell('marketLow')) },
    };
  });
  const rows = leaveOneOut(windows, SIMPLE, CRASHES).map(({ without, marketLow, badDebtUsd, penaltyUsd, bestSimple }) => {
    const millions = (policy: string) => `${(badDebtUsd[policy]! / 1e6).toFixed(2)} / ${(penaltyUsd[policy]! / 1e6).toFixed(0)}`;
    const over = (policy: string) => (badDebtUsd[bestSimple] === 0 ? '' : (badDebtUsd[policy]! / badDebtUsd[bestSimple]!).toFixed(2));
    const left = without === null ? 'none' : `${without.slice(0, 10)} (${(100 * (marketLow! - 1)).toFixed(0)} %)`;
    const all = ['tuner', 'law', ...SIMPLE, 'hindsight'].map(millions);
    return `| ${[left, ...all, bestSimple, over('tuner'), over('law')].join(' | ')} |`;
  });
  return `# The walk-forward proof, one crash at a time

Made by \`npm run evidence -- events\` from the windows of [backtest.md](backtest.md) as declared (5 days, collateral by volume, knobs set before 2021): the worst 5 % of weeks by the market's low, all of them, then without each.
Bad debt / penalties, million USD. Policies do not have the same power here (backtest.md has it at equal power); that comparison needs every knob and is not repeated.

| left out (market's low) | tuner | law | historical | ewma | fixed | hindsight | best simple | tuner over it | law over it |
|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
