/**
 * Caps and bonuses: what the book has of each asset, what its markets take in the tail, and the caps that follow, each with the
 * constraint that set it. Computed beside the advice; the key says so.
 */
import { bps, count, percent, usd } from './format.ts';
import type { CapLevel, Caps as Reckoned } from './page.ts';

export function Caps({ caps }: { caps: Reckoned }) {
  const { assets, bonuses, paths, level, tailDepth } = caps;
  const shown = assets.filter(({ supplyCapTokens, borrowCapTokens }) =>
    [supplyCapTokens, borrowCapTokens].some(({ reason }) => reason !== 'no-exposure'),
  );
  return (
    <section id="caps" aria-labelledby="caps-title">
      <header class="title">
        <h2 id="caps-title">Caps and bonuses</h2>
        <p class="key">
          what a market takes in a step within the bonus, at {percent(tailDepth, 0)} of its usual volume, against the tail’s busiest step (
          {percent(level, 0)}, {count(paths)} paths); computed beside the advice, not part of it
        </p>
      </header>
      {shown.length === 0 ? (
        <p class="empty">No account with debt holds or owes anything that has a market.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Asset</th>
                <th scope="col" class="num wide">
                  Supplied
                </th>
                <th scope="col">Supply cap</th>
                <th scope="col" class="num wide">
                  Borrowed
                </th>
                <th scope="col">Borrow cap</th>
                <th scope="col">Bonus, %</th>
                <th scope="col" class="num wide">
                  Sold in the tail
                </th>
                <th scope="col" class="num wide">
                  Market takes
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <tr key={one.asset}>
                  <th scope="row">{one.asset}</th>
                  <td class="num wide">{count(one.suppliedTokens)}</td>
                  <Cell level={one.supplyCapTokens} show={count} />
                  <td class="num wide">{count(one.borrowedTokens)}</td>
                  <Cell level={one.borrowCapTokens} show={count} />
                  <Cell level={one.liquidationBonusBps} show={bps} />
                  <td class="num wide">{usd(Math.max(one.tailUsd, one.largestUsd))}</td>
                  <td class="num wide">{usd(one.takesTailUsd)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {bonuses !== null && (
        <p>
          The engine on all changed bonuses together: expected shortfall of bad debt {usd(bonuses.changeUsd)} ±{' '}
          {usd(bonuses.standardErrorUsd)}, penalties {usd(bonuses.penaltyChangeUsd)} on average.
        </p>
      )}
    </section>
  );
}

function Cell({ level, show }: { level: CapLevel; show: (value: number) => string }) {
  const { verdict, reason, from, to, low, high, binding } = level;
  const said = (value: number | null) => (value === null ? 'none' : show(value));
  if (verdict === 'abstain')
    return (
      <td>
        {said(from)} <span class="quiet">{reason}</span>
      </td>
    );
  return (
    <td title={binding}>
      {verdict === 'hold' ? (
        <>{said(from)} </>
      ) : (
        <>
          {said(from)} → <b>{said(to)}</b>{' '}
        </>
      )}
      <span class="quiet">
        {low !== null && high !== null && `${show(low)} to ${show(high)}, `}
        {binding.split(':', 1)[0]}
      </span>
    </td>
  );
}
