/**
 * Times that mean something on another machine: each case is divided by a reference loop measured around it in the same run.
 *
 * Processor time, and the minimum of several repetitions on both sides: on a busy machine the smallest is the least disturbed.
 */

export type Case = { readonly name: string; readonly says: string; readonly repeats: number; readonly work: () => unknown };
export type Figure = { readonly name: string; readonly says: string; readonly milliseconds: number; readonly ratio: number };

const REFERENCE_STEPS = 4_000_000;
/** Shorter work is done several times in a row: as long as the reference, as likely to be disturbed. */
const LEAST_MS = 20;

export function measure(cases: readonly Case[]): Figure[] {
  return cases.map(({ name, says, repeats, work }) => {
    work();
    const rounds = Math.max(1, Math.ceil(LEAST_MS / Math.max(0.01, time(work))));
    let best = Number.POSITIVE_INFINITY;
    let reference = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      reference = Math.min(reference, time(referenceLoop));
      best = Math.min(best, time(() => repeatedly(work, rounds)) / rounds);
    }
    return { name, says, milliseconds: best, ratio: best / reference };
  });
}

function repeatedly(work: () => unknown, rounds: number): void {
  for (let round = 0; round < rounds; round += 1) work();
}

/** Milliseconds of processor time: waiting for a neighbour does not count. */
function time(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Plain double arithmetic with a dependency from step to step: what every engine does about equally well. */
function referenceLoop(): number {
  let x = 0.5;
  let sum = 0;
  for (let step = 0; step < REFERENCE_STEPS; step += 1) {
    x = 3.9 * x * (1 - x);
    sum += Math.sqrt(x);
  }
  return sum;
}
