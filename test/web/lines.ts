/**
 * Twelve invented assets for tests of the page, one a line. `a>b`: today's value and the advised one.
 */

export type Line = {
  readonly asset: string;
  readonly price: number;
  readonly collateral: number;
  readonly debt: number;
  readonly perp: number;
  readonly haircut: readonly [number, number];
  readonly threshold: readonly [number, number];
  readonly margin: readonly [number, number];
  readonly used: number | null;
  readonly because: string;
};

const TABLE = `
  asset     price   coll   debt  perp      haircut  threshold      margin  used because
  WETH     3120.5  412e6   88e6  61e6    1950>2100  8300>8300  1e6>1.25e6  5480 depth fell 41 % in the turbulent regime; crisis correlation with WBTC 0.93
  WBTC      67110  288e6   21e6  74e6    2700>2700  7800>7800   1e6>1.1e6  4410 margin shortfall on two of four named crashes comes from short accounts in this asset
  wstETH   3655.1  301e6    2e6     0    2150>2300  8100>8000     1e6>1e6  6620 loops against WETH unwind into 0.9 days of volume; half a point lower costs 1.1 % of borrowing power
  USDC          1   96e6  402e6     0    2500>2500  7800>7800     1e6>1e6  3120 no path in the tail runs through this asset
  USDT          1   41e6  217e6     0    2500>2500  7800>7800     1e6>1e6  2980 no path in the tail runs through this asset
  DAI           1   33e6   96e6     0    2300>2300  8000>8000     1e6>1e6  3350 held by the budget: moving it changes expected shortfall by less than its standard error
  LINK      17.42   58e6    6e6   9e6    3400>3700  6800>6700   1e6>1.3e6  3790 12 % of supply sits in three accounts; liquidation sells 2.4 days of volume
  AAVE      241.7   44e6    3e6   4e6    3500>3500  7300>7300     1e6>1e6  3010 the cooldown of 7 days since the last change has not passed
  UNI        9.81   19e6    2e6   3e6    3500>3800  7000>6900   1e6>1.2e6  3600 tail index 0.31 in the lower tail; the depth assumption binds first
  CRV        0.61    8e6    1e6   2e6    4500>4500  5500>5500     1e6>1e6  3900 fit of the volatility did not converge; nothing is said about what cannot be measured
  SOL       178.2      0      0  38e6  10000>10000        0>0  1e6>1.15e6  null perpetuals only; two accounts hold 61 % of the open interest
  ARB        0.94    6e6    1e6   1e6    4200>4200  6300>6300     1e6>1e6  3400 inconclusive: the interval of the best value contains today’s
`;

export const LINES: readonly Line[] = TABLE.trim()
  .split('\n')
  .slice(1)
  .map((text) => {
    const [asset, price, collateral, debt, perp, haircut, threshold, margin, used, ...because] = text.trim().split(/\s+/) as [
      string,
      ...string[],
    ];
    return {
      asset,
      price: Number(price),
      collateral: Number(collateral),
      debt: Number(debt),
      perp: Number(perp),
      haircut: pair(haircut!),
      threshold: pair(threshold!),
      margin: pair(margin!),
      used: used === 'null' ? null : Number(used),
      because: because.join(' '),
    };
  });

function pair(text: string): readonly [number, number] {
  const [from, to] = text.split('>');
  return [Number(from), Number(to)];
}
