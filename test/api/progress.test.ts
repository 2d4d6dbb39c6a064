import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STEPS, tracker } from '../../api/progress.ts';

describe('progress', () => {
  it('shows every step from the first moment', () => {
    expect(
      tracker(() => 0)
        .steps()
        .map(({ state }) => state),
    ).toEqual(STEPS.map(() => 'waiting'));
  });

  it('ends a step when a later one begins and counts its seconds', () => {
    let now = 0;
    const progress = tracker(() => now);
    progress.report('align', 0);
    now = 2_000;
    progress.report('fit', 0.5);
    now = 3_000;
    const steps = Object.fromEntries(progress.steps().map((step) => [step.step, step]));
    expect(steps['align']).toMatchObject({ state: 'done', share: 1, seconds: 2 });
    expect(steps['state']).toMatchObject({ state: 'done', seconds: 0 });
    expect(steps['fit']).toMatchObject({ state: 'running', share: 0.5, seconds: 1 });
    expect(steps['tune']).toMatchObject({ state: 'waiting' });
  });

  it('marks the step it failed in', () => {
    const progress = tracker(() => 0);
    progress.report('fit', 0.2);
    progress.fail();
    expect(
      progress
        .steps()
        .filter(({ state }) => state === 'failed')
        .map(({ step }) => step),
    ).toEqual(['fit']);
  });

  it('never goes back, whatever is reported', () => {
    const report = fc.tuple(fc.constantFrom(...STEPS.map(({ step }) => step)), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
        let now = 0;
        const progress = tracker(() => now);
        let before = progress.steps();
        for (const [step, share] of reports) {
          now += 10;
          progress.report(step, share);
          const after = progress.steps();
          after.forEach((one, index) => {
            expect(one.share).toBeGreaterThanOrEqual(before[index]!.share);
            expect(one.seconds).toBeGreaterThanOrEqual(before[index]!.seconds);
          });
          before = after;
        }
      }),
    );
  });
});
