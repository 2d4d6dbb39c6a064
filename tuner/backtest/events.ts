/**
 * Events: how much of a comparison in crash windows hangs on one crash. Each of the worst windows is left out in turn; a claim that one week makes is no claim.
 * Windows overlap no other of the same policy, so leaving one out leaves the rest as they were.
 */
export type Window = {
  readonly from: string;
  readonly policy: string;
  readonly badDebtUsd: number;
  readonly penaltyUsd: number;
  /** Lowest of the market's mean price in the window over its start. */
  readonly marketLow: number;
};
export type LeftOut = {
  /** Start of the window that is left out; null: none is. */
  readonly without: string | null;
  readonly marketLow: number | null;
  /** Sums over the windows that are left, by policy. */
  readonly badDebtUsd: Readonly<Record<string, number>>;
  readonly penaltyUsd: Readonly<Record<string, number>>;
  /** The simple policy with the least bad debt there. */
  readonly bestSimple: string;
};

/** The worst `share` of windows by the market's low, at least one; first all of them, then without each, the worst first. */
export function leaveOneOut(windows: readonly Window[], simple: readonly string[], share: number): readonly LeftOut[] {
  const starts = [...new Map(windows.map(({ from, marketLow }) => [from, marketLow])).entries()].sort(
    ([a, low], [b, other]) => low - other || (a < b ? -1 : 1),
  );
  const crashes = starts.slice(0, Math.max(1, Math.round(share * starts.length)));
  const policies = [...new Set(windows.map(({ policy }) => policy))];
  const sums = (kept: ReadonlySet<string>, of: (window: Window) => number) =>
    Object.fromEntries(
      policies.map((policy) => [
        policy,
        windows.reduce((sum, window) => sum + (window.policy === policy && kept.has(window.from) ? of(window) : 0), 0),
      ]),
    );
  return [null, ...crashes].map((left): LeftOut => {
    const kept = new Set(crashes.map(([from]) => from).filter((from) => from !== left?.[0]));
    const badDebtUsd = sums(kept, (window) => window.badDebtUsd);
    const bestSimple = simple.reduce((best, policy) => (badDebtUsd[policy]! < badDebtUsd[best]! ? policy : best));
    return {
      without: left?.[0] ?? null,
      marketLow: left?.[1] ?? null,
      badDebtUsd,
      penaltyUsd: sums(kept, (window) => window.penaltyUsd),
      bestSimple,
    };
  });
}
