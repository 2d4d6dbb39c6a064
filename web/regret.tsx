/**
 * Regret: past recommendations against what then happened and against doing nothing, the latest first; the record they make together.
 */
import { useEffect, useState } from 'preact/hooks';
import type { Regret as Entry, Measures, Regrets } from './answers.ts';
import { regrets } from './client.ts';
import { duration, plural, usd, when } from './format.ts';
import type { Problem } from './page.ts';

const BETTER: Readonly<Record<Entry['hindsight'], string>> = {
  advised: 'the advice',
  'in-force': 'doing nothing',
  same: 'no difference',
};

export function Regret({ runId }: { runId: string }) {
  const [found, setFound] = useState<Regrets | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    regrets(runId, abort.signal).then(setFound, (cause: unknown) => {
      if (!abort.signal.aborted) setProblem(cause as Problem);
    });
    return () => abort.abort();
  }, [runId]);
  return (
    <section id="regret" aria-labelledby="regret-title">
      <header class="title">
        <h2 id="regret-title">Regret</h2>
        <p class="key">past advice against what then happened; beside each figure what it differs by from doing nothing</p>
      </header>
      {problem !== null && <p class="empty">{problem.detail}</p>}
      {found === null && problem === null && <p class="empty">Looking at what came of earlier advice…</p>}
      {found !== null && found.entries.length === 0 && (
        <p class="empty">
          No advice here has data after it yet. A later run judges this one; files that go on are judged with <code>plimsoll regret</code>.
        </p>
      )}
      {found !== null && found.entries.length > 0 && (
        <>
          <p>{says(found.trackRecord)}</p>
          <Table entries={found.entries} />
          <p class="note">
            Taken as applied at once, on the book as it stood, whose sales move recorded prices once more. Better: less loss beyond the
            budget, then more borrowing power, then less loss, then fewer penalties. Allowed: expected shortfall and two standard errors,
            under the old parameters.
          </p>
        </>
      )}
    </section>
  );
}

function Table({ entries }: { entries: readonly Entry[] }) {
  return (
    <div class="scroll">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">As of</th>
            <th scope="col" class="wide">
              Window
            </th>
            {['Loss', 'Liquidated', 'Penalties', 'Power'].map((name) => (
              <th key={name} scope="col" class={name === 'Loss' || name === 'Power' ? 'num' : 'num wide'}>
                {name}
              </th>
            ))}
            <th scope="col">Better</th>
            <th scope="col" class="num">
              Loss of allowed
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <th scope="row">{when(entry.startsAt).slice(0, 10)}</th>
              <td class="wide">{entry.complete ? duration(entry.horizonSeconds) : `ends ${when(entry.endsAt)}: not judged`}</td>
              <Pair entry={entry} name="lossUsd" />
              <Pair entry={entry} name="liquidatedUsd" wide />
              <Pair entry={entry} name="penaltyUsd" wide />
              <Pair entry={entry} name="borrowingPowerUsd" />
              <td>
                <b>{BETTER[entry.hindsight]}</b>
              </td>
              <td class="num">
                {usd(entry.forecast.inForce.outcomeUsd)} of {usd(entry.forecast.inForce.upperUsd)}{' '}
                {!entry.forecast.inForce.inside && <b class="bad">outside</b>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Under the advice, and by how much that differs from doing nothing. */
function Pair({ entry, name, wide = false }: { entry: Entry; name: keyof Measures; wide?: boolean }) {
  const less = entry.advised[name] - entry.inForce[name];
  return (
    <td class={wide ? 'num wide' : 'num'} title={`${usd(entry.inForce[name])} had nothing been done`}>
      {usd(entry.advised[name])} <span class="quiet">{less === 0 ? '±0' : `${less > 0 ? '+' : ''}${usd(less)}`}</span>
    </td>
  );
}

function says({ recommendations, judged, advisedBetter, nothingBetter, same, meanRegret, ...rest }: Regrets['trackRecord']): string {
  const open = recommendations - judged;
  const waiting = open === 0 ? '' : ` ${plural(open, 'recommendation')} not judged: the horizon has not passed.`;
  if (meanRegret === null) return `No recommendation judged.${waiting}`;
  return [
    `Of ${plural(judged, 'recommendation')} the advice was better ${advisedBetter} times, doing nothing ${nothingBetter}, no difference ${same}.`,
    ` Mean regret: loss ${usd(meanRegret.lossUsd)}, penalties ${usd(meanRegret.penaltyUsd)}, power ${usd(meanRegret.borrowingPowerUsd)}.`,
    ` Losses inside what was allowed: ${rest.inside} of ${judged}; beyond the value at risk ${rest.beyondValueAtRisk}, expected ${rest.expectedBeyond.toFixed(2)}.`,
    waiting,
  ].join('');
}
