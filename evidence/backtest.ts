/**
 * The walk-forward proof on ../shared/data/hourly: `npm run evidence -- backtest`, two hours where no date is known yet. Writes docs/evidence/backtest.md, .svg and
 * .csv; what each date knew is kept in out/evidence/backtest. `plimsoll backtest` does the same on anybody's prices.
 */
import { existsSync } from 'node:fs';
import * as Dates from '../api/backtest/dates.ts';
import { report } from '../api/backtest/report.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Real from './books/real.ts';

const [FIRST, SPLIT, LAST] = ['2020-07-01', '2021-01-01', '2023-12-18'] as const;
const EVERY_DAYS = 7;
const HISTORY_DAYS = 365;

if (!existsSync(Real.DATA)) process.stderr.write(`not covered: ${Real.DATA} is absent\n`);
else await main();

async function main(): Promise<void> {
  const bars = await Real.bars();
  const plan = {
    ...{ fromMs: Date.parse(FIRST), toMs: Date.parse(LAST), everyDays: EVERY_DAYS, historyDays: HISTORY_DAYS },
    ...{ seed: 1, paths: 4_096 },
  };
  const tell = (text: string) => process.stderr.write(`${text}\n`);
  const origins = await Dates.known(bars, plan, 'out/evidence/backtest', (done, all, says) => tell(`${done} of ${all}  ${says}`));
  report({
    ...{ command: 'npm run evidence -- backtest', kernel: loadKernel(), origins, after: Dates.cutter(bars) },
    ...{ everySeconds: EVERY_DAYS * SECONDS_PER_DAY, historyDays: HISTORY_DAYS, split: new Date(SPLIT).toISOString() },
    ...{ out: 'docs/evidence', onVariant: (says: string) => tell(`case  ${says}`) },
  });
}
