/**
 * Mixture: the plain average of several contenders' value at risk and shortfall, scaled by what has come true so far.
 *
 *   VaR = e^θ · mean VaR_i, ES likewise;  after each outcome θ ← θ + 0.01 (hit − p), one θ a level
 *
 * Equal weights are hard to beat (Timmermann 2006); weights by past loss were tried and chased single hits: on BTC at 24 h and 1 %,
 * July to December 2020, they did worse than every member. θ is online gradient descent on pinball loss in ln VaR, which keeps the share
 * of hits at p whatever the members say (Gibbs and Candès 2021). Its rate, among 0, 0.01, 0.02 and 0.05, is a compromise made on BTC and
 * ETH in those months: 0 had mostly the smaller loss, larger ones the better coverage. A forecast depends on earlier outcomes only.
 */
import type { Forecast } from './contenders.ts';

export type Mixture = {
  combine(members: readonly Forecast[]): Forecast;
  /** What became of the forecast last combined. */
  learn(combined: Forecast, outcomePct: number): void;
};

const RATE = 0.01;
/** |θ| at most: a factor of e. */
const MAX_SCALE = 1;

export function mixture(levels: readonly number[]): Mixture {
  const theta = new Float64Array(levels.length);
  return {
    combine(members) {
      const average = (value: (member: Forecast) => number) => members.reduce((total, member) => total + value(member) / members.length, 0);
      const scaled = (at: number, value: (member: Forecast) => number) => Math.exp(theta[at]!) * average(value);
      return {
        valueAtRisk: levels.map((_, at) => scaled(at, (member) => member.valueAtRisk[at]!)),
        expectedShortfall: levels.map((_, at) => scaled(at, (member) => member.expectedShortfall[at]!)),
        variance: average(({ variance }) => variance),
      };
    },
    learn(combined, outcomePct) {
      for (const [at, level] of levels.entries()) {
        const hit = outcomePct < combined.valueAtRisk[at]! ? 1 : 0;
        theta[at] = Math.max(-MAX_SCALE, Math.min(MAX_SCALE, theta[at]! + RATE * (hit - level)));
      }
    },
  };
}
