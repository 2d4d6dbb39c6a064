/** A multiplier that follows its target as far as a policy's limits go, hour by hour: the same function that the tuner asks. */
import * as Limits from '../limits.ts';
import type { FieldLimit } from '../policy.ts';

const FIELD = 'marginMultiplierPpm';
const HOUR_MS = 3_600_000;

/** `target`: multiples by hour from `startMs`, known at the hour's end, never followed below 1. Starts at 1. NaN in, NaN out; the multiplier stands meanwhile. */
export function follow(target: ArrayLike<number>, startMs: number, asset: string, limit: FieldLimit): Float64Array {
  const longest = limit.budgets.reduce((most, { windowSeconds }) => Math.max(most, windowSeconds), limit.cooldownSeconds) * 1000;
  let from = 1_000_000;
  let history: Limits.PastMove[] = [];
  let readyMs = Number.NEGATIVE_INFINITY;
  return Float64Array.from({ length: target.length }, (_, t) => {
    const wanted = target[t]!;
    if (Number.isNaN(wanted)) return Number.NaN;
    const nowMs = startMs + (t + 1) * HOUR_MS;
    const aim = Math.max(1_000_000, Math.min(limit.max, 1_000_000 * wanted));
    const direction = aim > from ? 'tighter' : 'looser';
    const steps = direction === 'tighter' ? Math.ceil((aim - from) / limit.step) : Math.floor((from - aim) / limit.step);
    if (steps > 0 && nowMs >= readyMs) {
      history = history.filter(({ at }) => nowMs - Date.parse(at) < longest);
      const now = new Date(nowMs).toISOString();
      const { low, high } = Limits.reach(limit, { asset, field: FIELD, from, now, history }, direction);
      const made = Math.min(steps, high);
      if (made >= low) {
        const to = Limits.valueAt(FIELD, from, limit, direction, made);
        history.push({ asset, field: FIELD, from, to, at: now });
        from = to;
        readyMs = nowMs + limit.cooldownSeconds * 1000;
      }
    }
    return from / 1_000_000;
  });
}
