/**
 * Where things stand: the answer in one sentence and five figures.
 */
import { change, percent, sentence, usd, when } from './format.ts';
import { headline } from './loadlines.tsx';
import type { Result } from './page.ts';
import { mostProbable } from './regime.tsx';

export function Standing({ result }: { result: Result }) {
  const { before, after, borrowingPowerUsd: power, expiresAt } = result.recommendation;
  const top = mostProbable(result.regime);
  const within = after.expectedShortfallUsd <= after.budgetUsd;
  return (
    <section class="standing" aria-label="Summary">
      <h1>{headline(result)}</h1>
      <dl>
        <div>
          <dt>Expected shortfall, {percent(before.level, 0)}</dt>
          <dd>
            {usd(before.expectedShortfallUsd)} → <b>{usd(after.expectedShortfallUsd)}</b>
          </dd>
          <dd class={within ? 'good' : 'bad'}>
            {within ? 'within' : 'over'} the budget of {usd(after.budgetUsd)}
          </dd>
        </div>
        <div>
          <dt>Chance of more than the budget</dt>
          <dd>
            {percent(before.overBudgetProbabilityUpper, 2)} → <b>{percent(after.overBudgetProbabilityUpper, 2)}</b>
          </dd>
          <dd>
            95 % upper bound
            {result.policy === undefined || result.policy === null
              ? `, ${after.overBudgetPaths} paths`
              : `; at most ${percent(result.policy.overBudgetProbability, 2)} allowed`}
          </dd>
        </div>
        <div>
          <dt>Borrowing power</dt>
          <dd>
            {usd(power.before)} → <b>{usd(power.after)}</b>
          </dd>
          <dd>
            {change(power.before, power.after)}; {usd(power.used)} used
          </dd>
        </div>
        <div>
          <dt>Regime</dt>
          <dd>
            <b>{sentence(result.regime.labels[top] ?? '')}</b>
          </dd>
          <dd>{percent(result.regime.now[top] ?? 0, 0)} filtered probability</dd>
        </div>
        <div>
          <dt>Proposal</dt>
          <dd>
            <b>{standing(result)}</b>
          </dd>
          <dd>advice expires {when(expiresAt)}</dd>
        </div>
      </dl>
    </section>
  );
}

function standing({ proposal, execution, recommendation }: Result): string {
  if (proposal === null) return recommendation.verdict === 'hold' ? 'None needed' : 'None drafted';
  if (proposal.checks.some((check) => check.verdict === 'fail')) return 'Failed a check';
  if (execution === null) return 'Drafted, checked';
  return execution.ok ? 'Rehearsed, read back' : 'Rehearsal failed';
}
