/** An invented frontier for tests of the page: seven plans, one of them beaten, today above the budget. */
import { Frontier } from '../../tuner/frontier.ts';

export function frontier(): Frontier {
  const point = (powerM: number, shortfallK: number, efficient: boolean) => ({
    borrowingPowerUsd: powerM * 1e6,
    expectedShortfallUsd: shortfallK * 1e3,
    standardErrorUsd: shortfallK * 420,
    changeUsd: (shortfallK - 1374) * 1e3,
    changeStandardErrorUsd: Math.abs(shortfallK - 1374) * 460,
    efficient,
    haircutBps: { WETH: 1950, wstETH: 2150, WBTC: 2700, LINK: 3400, AAVE: 3500, UNI: 3500, ARB: 4200 },
  });
  const plans = [
    [375, 55, true],
    [490, 59, true],
    [529, 187, true],
    [599, 552, true],
    [630, 787, true],
    [667, 1348, false],
    [669, 1340, true],
  ] as const;
  return Frontier.parse({
    level: 0.99,
    budgetUsd: 890_877,
    paths: 1536,
    screenPaths: 512,
    today: { ...point(659, 1374, false), reachUsd: 669e6 },
    recommended: { ...point(649, 1256, true), reachUsd: 630e6 },
    points: plans.map(([power, shortfall, efficient]) => point(power, shortfall, efficient)),
    says: '7 plans from the haircut curves of 7 assets, walls and gap kept, steps and cooldowns left out.',
  });
}
