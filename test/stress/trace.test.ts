import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import type { TraceEvent } from '../../kernel/trace.ts';
import { randomCase } from './cases.ts';

const kernel = loadKernel();

type Of<Kind extends TraceEvent['kind']> = Extract<TraceEvent, { kind: Kind }>;
const only = <Kind extends TraceEvent['kind']>(events: readonly TraceEvent[], ...kinds: Kind[]) =>
  events.filter((event): event is Of<Kind> => kinds.includes(event.kind as Kind));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('a trace', () => {
  it('changes no bit of the run, and its events add up to the run’s figures exactly', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.nat(2_000_000_000), (seed) => {
        const { book, factors, steps, frozenSteps, haltedSteps } = randomCase(seed);
        const paths = { count: 1, steps, columns: book.assets, factors: Float64Array.from(factors.flat()), frozenSteps, haltedSteps };
        const plain = kernel.stress(book, paths);
        const { result, events } = kernel.trace(book, paths);
        expect(result).toEqual(plain);
        expect(kernel.stress(book, paths)).toEqual(plain);
        for (const { kind } of events) seen.set(kind, (seen.get(kind) ?? 0) + 1);

        const liquidations = only(events, 'liquidation', 'purchase');
        const taken = only(events, 'liquidation', 'absorbed');
        expect(sum(taken.map(({ repaidUsd }) => repaidUsd))).toBe(plain.liquidatedUsd[0]);
        expect(sum(taken.map(({ penaltyUsd }) => penaltyUsd))).toBe(plain.penaltyUsd[0]);
        expect(sum(only(events, 'bad-debt').map(({ lossUsd }) => lossUsd))).toBe(plain.badDebtUsd[0]);
        const calls = only(events, 'margin-call', 'closed-at-end');
        expect(sum(calls.map(({ shortfallUsd }) => shortfallUsd))).toBe(plain.marginShortfallUsd[0]);
        expect(sum(only(events, 'deleveraged').map(({ lossUsd }) => lossUsd))).toBe(plain.deleveragedUsd[0]);
        const hit = new Set([...taken, ...only(events, 'margin-call')].map(({ account }) => account));
        expect(hit.size).toBe(plain.liquidatedAccounts[0]);
        for (let asset = 0; asset < book.assets; asset += 1) {
          const repaid = only(events, 'liquidation', 'absorbed', 'purchase')
            .filter(({ debt }) => debt === asset)
            .map(({ repaidTokens }) => repaidTokens);
          expect(sum(repaid)).toBe(plain.last.repaid[asset]);
        }
        for (const { kind, health, earnedUsd, soldUsd, boughtUsd, collateral, debt } of liquidations) {
          if (kind === 'liquidation') expect(health).toBeLessThan(1);
          expect(earnedUsd).toBeGreaterThan(0);
          if (book.pool[collateral] === book.pool[debt]) continue;
          expect(soldUsd[1]).toBeLessThanOrEqual(soldUsd[0]);
          expect(boughtUsd[1]).toBeGreaterThanOrEqual(boughtUsd[0]);
        }
        expect(only(events, 'price').filter(({ step }) => step <= steps).length).toBe(steps * book.assets);
      }),
      { numRuns: 400 },
    );
    for (const kind of [
      'liquidation',
      'unattended',
      'margin-call',
      'closed-at-end',
      'trade',
      'bad-debt',
      'deleveraged',
      'absorbed',
      'purchase',
    ])
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(5);
  });

  it('shows nobody liquidated while the chain stands still, and the same prices', () => {
    const { book, factors, steps } = randomCase(11);
    const paths = { count: 1, steps, columns: book.assets, factors: Float64Array.from(factors.flat()), frozenSteps: 0 };
    for (const haltedSteps of [0, 3, steps]) {
      const { events } = kernel.trace(book, { ...paths, haltedSteps });
      const acts = events.filter(({ kind, step }) => kind !== 'price' && step <= haltedSteps && step < steps);
      expect(acts).toEqual([]);
    }
  });
});
