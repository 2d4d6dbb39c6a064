/** Two attacks that happened, in the model: `npm run evidence -- attack`, seconds. Writes docs/evidence/attack.md. Reads tuner/attack/cases. */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadKernel } from '../kernel/kernel.ts';
import { type Case, judge, parse } from '../tuner/attack/attack.ts';
import { push } from '../tuner/attack/market.ts';
import { costOf } from '../tuner/attack/pump.ts';

const OUT = 'docs/evidence/attack.md';
const kernel = loadKernel();
const read = (name: string) => parse(readFileSync(`tuner/attack/cases/${name}.yaml`, 'utf8'), name);
const m = (usd: number) => (usd / 1e6).toFixed(usd >= 1e8 ? 0 : 2);

const mango = read('mango-2022-10');
const crv = read('crv-2022-11');
/** Reported: 13-fold, which is a rise of 12. */
const RISE = 12;
const [pumped, oracle] = [mango.pump!, mango.pump!.oracle];

function withDepth(one: Case, change: object): Case {
  return { ...one, market: { ...one.market, depth: { ...one.market.depth, ...change } as Case['market']['depth'] } };
}

const mangoRows = [0.3, 0.75, 1.5, 3, 10, 30].map((million) => {
  const { market } = withDepth(mango, { usdPerLogPrice: million * 1e6 });
  const x = Math.log(1 + RISE);
  const bought = push(kernel, market, x, oracle.windowSeconds, { share: 0.67 }).boughtUsd;
  const cost = costOf(kernel, market, oracle, x);
  const kept = 1 - 1 / (pumped.ltv * (1 + RISE));
  return `| ${million} | ${m(bought)} | ${m(cost)} | ${m(pumped.liquidityUsd * kept - cost)} |`;
});
const ltvRows = [1, 0.9, 0.7, 0.5, 0.3].map((ltv) => {
  const { pump } = judge(kernel, { ...mango, pump: { ...pumped, ltv } });
  return `| ${ltv} | ${(pump!.rise + 1).toFixed(1)} | ${m(pump!.costUsd)} | ${m(pump!.profitUsd)} | ${m(pump!.safeBorrowUsd!)} | ${m(pump!.safeIfStrandedUsd!)} |`;
});
const crvRows = [16, 20, 24, 28, 32, 40, 60, 100].map((million) => {
  const { squeeze } = judge(kernel, withDepth(crv, { dailyVolumeUsd: million * 1e6 }));
  return `| ${million} | ${(100 * squeeze!.premium).toFixed(1)} % | ${m(squeeze!.lossUsd)} | ${m(squeeze!.safeBorrowUsd)} |`;
});

writeFileSync(
  OUT,
  `${[
    '# Two attacks that happened, in the model',
    '',
    'Made by `npm run evidence -- attack` from `tuner/attack/cases`. Equations: `tuner/attack`. Million USD. Reported figures and what is assumed stand in the case files, with their sources.',
    '',
    '## MNGO on Mango Markets, October 2022',
    '',
    `Reported: pushed 13-fold within half an hour, some 110 to 116 million taken. At that push, over what the depth of the venues may have been (K: USD a unit of log price; nobody published it):`,
    '',
    '| K | bought | cost of the push | profit |',
    '|---|---|---|---|',
    ...mangoRows,
    '',
    'The order of the profit does not hang on the depth: the treasury was a hundred times what the market could hold. What it hangs on is how much of a pushed price counts. The best push for the attacker, at K = 1.5:',
    '',
    '| LTV | best push, times | cost | profit | safe to lend against it | if what moved the price had to be sold at the fair price |',
    '|---|---|---|---|---|---|',
    ...ltvRows,
    '',
    '## CRV owed on Aave, November 2022',
    '',
    'Reported: 2.64 million CRV without collateral, about 1.6 million dollars, of 56.6 million owed at the threshold. The daily volume of the venues that liquidators used is not known; the loss over it:',
    '',
    '| daily volume | premium to buy back | bad debt | safe to lend |',
    '|---|---|---|---|',
    ...crvRows,
    '',
    'The reported loss is that of a volume near 24 million: this is an inference, not a prediction. What does not hang on it: at every volume in the table the sum owed was above what liquidators buy back for their bonus.',
  ].join('\n')}\n`,
);
process.stderr.write(`${OUT}\n`);
