/** Who is dealt with first: a heap of accounts by a key, largest first, the lower account where keys are equal. */
import { f, i, set, Job } from './job';

let length = 0;

export function clear(): void {
  length = 0;
}

export function push(job: Job, account: i32, key: f64): void {
  let at = length;
  length += 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!precedes(key, account, f(job.queueKey, above), i(job.queue, above))) break;
    move(job, above, at);
    at = above;
  }
  place(job, at, account, key);
}

/** The first of all, taken out; −1 where nobody is left. */
export function pop(job: Job): i32 {
  if (length == 0) return -1;
  const first = i(job.queue, 0);
  length -= 1;
  const account = i(job.queue, length);
  const key = f(job.queueKey, length);
  let at = 0;
  while (true) {
    let below = 2 * at + 1;
    if (below >= length) break;
    if (below + 1 < length && precedes(f(job.queueKey, below + 1), i(job.queue, below + 1), f(job.queueKey, below), i(job.queue, below))) {
      below += 1;
    }
    if (!precedes(f(job.queueKey, below), i(job.queue, below), key, account)) break;
    move(job, below, at);
    at = below;
  }
  place(job, at, account, key);
  return first;
}

// @ts-ignore: decorator
@inline
function precedes(key: f64, account: i32, otherKey: f64, other: i32): bool {
  return key > otherKey || (key == otherKey && account < other);
}

function move(job: Job, from: i32, to: i32): void {
  place(job, to, i(job.queue, from), f(job.queueKey, from));
}

function place(job: Job, at: i32, account: i32, key: f64): void {
  store<i32>(job.queue + (<usize>at << 2), account);
  set(job.queueKey, at, key);
}
