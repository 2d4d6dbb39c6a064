/**
 * Who is hurt: the accounts that lose most, today against recommended, and what really happened where a replay was made.
 */

import { Comparison, type Figure } from './comparison.tsx';
import { change, percent, short, usd, when } from './format.ts';
import { lossOf } from './losses.tsx';
import type { AccountImpact, NamedResult, Replay, Result } from './page.ts';

const SHOWN = 12;

type Pair = { account: string; before: AccountImpact | undefined; after: AccountImpact | undefined };

export function Accounts({ result }: { result: Result }) {
  const pairs = join(result.accountsBefore, result.accountsAfter);
  return (
    <section id="accounts" aria-labelledby="accounts-title">
      <header class="title">
        <h2 id="accounts-title">Who is hurt</h2>
        <p class="key">accounts with the largest expected bad debt; chance of liquidation within the horizon</p>
      </header>
      {pairs.length === 0 ? (
        <p class="empty">No account is liquidated on any path.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col" class="num wide">
                Debt
              </th>
              <th scope="col" class="num">
                Health
              </th>
              <th scope="col" class="num">
                Liquidated
              </th>
              <th scope="col" class="num">
                Expected bad debt
              </th>
            </tr>
          </thead>
          <tbody>
            {pairs.slice(0, SHOWN).map(({ account, before, after }) => (
              <tr key={account}>
                <th scope="row">
                  <code title={account}>{short(account)}</code>
                </th>
                <td class="num wide">{usd((before ?? after)?.debtUsd)}</td>
                <td class="num">{(before ?? after)?.health.toFixed(3)}</td>
                <td class="num">
                  {chance(before)} <span class="quiet">→</span> {chance(after)}
                </td>
                <td class="num">
                  {usd(before?.expectedBadDebtUsd)} <span class="quiet">→</span> {usd(after?.expectedBadDebtUsd)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {pairs.length > SHOWN && (
        <p class="note">
          {SHOWN} of {pairs.length} shown; the rest is in the evidence of the bundle. A dash: not among the fifty worst on that side.
        </p>
      )}
    </section>
  );
}

export function Replayed({ replay }: { replay: Replay }) {
  const figures: readonly Figure<NamedResult>[] = [
    ['Bad debt and margin shortfall', lossOf, usd],
    ['Liquidated', (side) => side.liquidatedUsd, usd],
    ['Penalties paid by borrowers', (side) => side.penaltyUsd, usd],
    ['Accounts liquidated', (side) => side.liquidatedAccounts, String],
  ];
  return (
    <section id="replay" aria-labelledby="replay-title">
      <header class="title">
        <h2 id="replay-title">What then happened</h2>
        <p class="key">
          the real bars of {when(replay.from)} to {when(replay.to)}, which no model had seen
        </p>
      </header>
      <Comparison sides={['Old parameters', 'Recommended']} figures={figures} before={replay.before} after={replay.after} />
      <p class="note">
        One realised path, not a score. Recorded prices already hold the sales of that week; this book’s are added to them, which is rather
        too harsh.
      </p>
      {replay.prices !== undefined && replay.prices.length > 0 && (
        <p class="note">
          Lowest price against the day of the advice: {replay.prices.map(({ asset, lowest }) => `${asset} ${change(1, lowest)}`).join(', ')}
          .
        </p>
      )}
    </section>
  );
}

function chance(impact: AccountImpact | undefined): string {
  return impact === undefined ? '–' : percent(impact.liquidationProbability, 1);
}

function join(before: readonly AccountImpact[], after: readonly AccountImpact[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const impact of before) pairs.set(impact.account, { account: impact.account, before: impact, after: undefined });
  for (const impact of after) {
    const pair = pairs.get(impact.account);
    if (pair === undefined) pairs.set(impact.account, { account: impact.account, before: undefined, after: impact });
    else pair.after = impact;
  }
  const size = ({ before: one, after: two }: Pair): number => Math.max(one?.expectedBadDebtUsd ?? 0, two?.expectedBadDebtUsd ?? 0);
  return [...pairs.values()].sort((a, b) => size(b) - size(a) || a.account.localeCompare(b.account));
}
