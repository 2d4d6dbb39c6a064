/**
 * Who takes the deal in hand: of all liquidators the one who earns most by it after gas and the cost of his capital, within what is left of
 * his inventory, and only above his threshold. What he pays is tied up until the collateral is sold on: a share of it frees each step.
 */
import * as Deal from './deal';
import { f, set, Job } from './job';

/** Who came, after `best`. */
let agent: i32 = 0;
/** What he earns by it, after gas and capital. */
export let earned: f64 = 0;
/** The lowest cost of capital: deals are ranked by what it leaves. */
export let cheapest: f64 = 0;

export function open(job: Job): void {
  memory.fill(job.agentUsedUsd, 0, <usize>job.agents << 3);
  cheapest = Infinity;
  for (let one = 0; one < job.agents; one += 1) cheapest = Math.min(cheapest, f(job.agentCapitalCost, one));
}

/** A step goes by. */
export function free(job: Job): void {
  for (let one = 0; one < job.agents; one += 1) {
    const used = f(job.agentUsedUsd, one);
    if (used > 0) set(job.agentUsedUsd, one, used * f(job.agentTied, one));
  }
}

/** What the best of them pays, USD at oracle prices; 0 where nobody comes. */
export function best(job: Job): f64 {
  let pays: f64 = 0;
  let most: f64 = 0;
  for (let one = 0; one < job.agents; one += 1) {
    const capitalCost = f(job.agentCapitalCost, one);
    const pay = Deal.size(job, f(job.agentInventoryUsd, one) - f(job.agentUsedUsd, one), capitalCost);
    if (pay <= 0) continue;
    const gain = Deal.profit(job, pay, capitalCost) - f(job.agentGasUsd, one);
    if (gain > f(job.agentThresholdUsd, one) && (pays == 0 || gain > most)) {
      agent = one;
      pays = pay;
      most = gain;
    }
  }
  earned = most;
  return pays;
}

export function settle(job: Job, pay: f64): void {
  Deal.settle(job, pay);
  set(job.agentUsedUsd, agent, f(job.agentUsedUsd, agent) + pay);
}
