/**
 * What happened in a path, written beside the results where somebody asked for it. Nothing here is read by the run, so a
 * run has the same bits with and without. One record is WIDTH doubles: kind, step, who, two things, ten figures.
 */
export const PRICE: i32 = 0;
export const LIQUIDATION: i32 = 1;
export const UNATTENDED: i32 = 2;
export const MARGIN_CALL: i32 = 3;
export const CLOSED: i32 = 4;
export const TRADE: i32 = 5;
export const BAD_DEBT: i32 = 6;
export const DELEVERAGED: i32 = 7;
export const ABSORBED: i32 = 8;
export const PURCHASE: i32 = 9;

const WIDTH: usize = 15;

let start: usize = 0;
let capacity: i32 = 0;
/** Records that there were, also those that found no room. */
let written: i32 = 0;
export let on: bool = false;
export let step: i32 = 0;
/** Whose trade it is: a trader's number after the lenders'. */
export let who: i32 = -1;

/** Records of what `stress` does go to `out` from now on; a capacity of 0 ends it. */
export function traceTo(out: usize, records: i32): void {
  start = out;
  capacity = records;
  written = 0;
  on = records > 0;
}

export function traced(): i32 {
  return written;
}

export function at(now: i32): void {
  step = now;
}

export function whose(account: i32): void {
  who = account;
}

export function record(
  kind: i32,
  account: i32,
  first: i32,
  second: i32,
  a: f64,
  b: f64 = 0,
  c: f64 = 0,
  d: f64 = 0,
  e: f64 = 0,
  g: f64 = 0,
  h: f64 = 0,
  k: f64 = 0,
  l: f64 = 0,
  m: f64 = 0,
): void {
  written += 1;
  if (written > capacity) return;
  const row = start + (<usize>(written - 1) * WIDTH << 3);
  store<f64>(row, <f64>kind);
  store<f64>(row, <f64>step, 8);
  store<f64>(row, <f64>account, 16);
  store<f64>(row, <f64>first, 24);
  store<f64>(row, <f64>second, 32);
  store<f64>(row, a, 40);
  store<f64>(row, b, 48);
  store<f64>(row, c, 56);
  store<f64>(row, d, 64);
  store<f64>(row, e, 72);
  store<f64>(row, g, 80);
  store<f64>(row, h, 88);
  store<f64>(row, k, 96);
  store<f64>(row, l, 104);
  store<f64>(row, m, 112);
}
