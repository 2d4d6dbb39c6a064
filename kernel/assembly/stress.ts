/**
 * The book against paths: per step prices, oracle, lending liquidations, margin closures; then what is missing.
 *
 * Run-off: a liquidation that is half done at the horizon is neither a loss nor a rescue. Where an account still stands
 * below 1 the law's prices stand still and liquidators go on, for at most as many steps again; what then remains is valued
 * at what its sale would bring at once.
 */
import * as Guard from './guard';
import { f, i, set, Job } from './job';
import * as Lending from './lending';
import * as Margin from './margin';
import * as Market from './market';
import * as Trace from './trace';

/** `count` paths of price multiples at `factors`, [path][step][column], f64 weights by path; results into the job's arrays. */
export function stress(job: Job, factors: usize, weights: usize, count: i32): void {
  const row = <usize>job.pathAssets << 3;
  const accounts = job.lenders + job.traders;
  memory.fill(job.accountHits, 0, <usize>accounts << 3);
  memory.fill(job.accountLossUsd, 0, <usize>accounts << 3);
  Guard.measure(job);
  Lending.measure(job);
  Margin.measure(job);
  for (let path = 0; path < count; path += 1) {
    Market.open(job);
    Lending.open(job);
    Margin.open(job, f(weights, path));
    for (let step = 1; step <= job.steps; step += 1) {
      if (Trace.on) Trace.at(step);
      Market.advance(job, step, factors);
      factors += row;
      if (Trace.on) Market.tell(job);
      Margin.accrue(job, step);
      if (step <= job.haltedSteps) continue;
      Lending.liquidateAll(job);
      Margin.liquidateAll(job, step);
    }
    Market.mark(job);
    for (let step = job.steps + 1; step <= 2 * job.steps && Lending.anyBelow(job); step += 1) {
      if (Trace.on) Trace.at(step);
      Market.advance(job, step, factors - row);
      if (Trace.on) Market.tell(job);
      Lending.liquidateAll(job);
      Margin.liquidateAll(job, step);
      Market.mark(job);
    }
    finish(job, path, f(weights, path));
  }
}

function finish(job: Job, path: i32, weight: f64): void {
  let badDebt: f64 = 0;
  let hits: f64 = 0;
  let needless: f64 = 0;
  for (let account = 0; account < job.lenders; account += 1) {
    const missing = Lending.shortfallUsd(job, account);
    badDebt += missing;
    if (Trace.on && missing > 0) Trace.record(Trace.BAD_DEBT, account, -1, -1, missing);
    if (missing > 0) set(job.accountLossUsd, account, f(job.accountLossUsd, account) + weight * missing);
    if (i(job.hit, account) != 0 && Lending.recovered(job, account)) needless += 1;
  }
  Margin.close(job);
  const deleveraged = Margin.deleveraged(job);
  if (Trace.on && deleveraged > 0) Trace.record(Trace.DELEVERAGED, -1, -1, -1, deleveraged);
  Margin.lookBack(job);
  for (let trader = 0; trader < job.traders; trader += 1) {
    if (i(job.hit, job.lenders + trader) != 0 && Margin.recovered(job, trader)) needless += 1;
  }
  const accounts = job.lenders + job.traders;
  for (let account = 0; account < accounts; account += 1) {
    if (i(job.hit, account) == 0) continue;
    hits += 1;
    set(job.accountHits, account, f(job.accountHits, account) + weight);
  }
  set(job.badDebtUsd, path, badDebt);
  set(job.liquidatedUsd, path, Lending.liquidatedUsd);
  set(job.penaltyUsd, path, Lending.penaltyUsd);
  set(job.liquidatedAccounts, path, hits);
  set(job.needlessAccounts, path, needless);
  set(job.marginShortfallUsd, path, Margin.shortfallUsd);
  set(job.deleveragedUsd, path, deleveraged);
}
