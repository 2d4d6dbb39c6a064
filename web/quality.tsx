/**
 * What the advice stands on: the bars, what was found wrong with them, what was left out, assumed or waived; then how the
 * fits ended and whether the learned part earned its place.
 */
import { count, duration, plural, usd, when } from './format.ts';
import type { FitLine, QualityFinding, Result } from './page.ts';

/** The rest is in the panel, whole. */
const MOST_FINDINGS = 200;
const SEVERITY = ['fatal', 'warning', 'note'] as const;

export function Data({ result }: { result: Result }) {
  const { panel, book, quality } = result;
  const findings = [...quality].sort((a, b) => SEVERITY.indexOf(a.severity) - SEVERITY.indexOf(b.severity));
  const until = new Date(Date.parse(panel.startsAt) + panel.length * panel.stepSeconds * 1000).toISOString();
  return (
    <section id="data" aria-labelledby="data-title">
      <header class="title">
        <h2 id="data-title">Data</h2>
        <p class="key">
          {plural(panel.assets, 'asset')}, {count(panel.length)} bars of {duration(panel.stepSeconds)}, {when(panel.startsAt)} to{' '}
          {when(until)}
        </p>
      </header>
      <dl class="facts">
        <div>
          <dt>Lending accounts</dt>
          <dd>{count(book.lendingAccounts)}</dd>
        </div>
        <div>
          <dt>Derivative accounts</dt>
          <dd>{count(book.derivativeAccounts)}</dd>
        </div>
        <div>
          <dt>Collateral</dt>
          <dd>{usd(book.collateralUsd)}</dd>
        </div>
        <div>
          <dt>Debt</dt>
          <dd>{usd(book.debtUsd)}</dd>
        </div>
        <div>
          <dt>Insurance fund</dt>
          <dd>{usd(book.insuranceFundUsd)}</dd>
        </div>
        <div>
          <dt>Set aside by rule</dt>
          <dd>
            {plural(result.setAside.accounts, 'account')}, {usd(result.setAside.debtUsd)} debt
          </dd>
        </div>
      </dl>
      <Findings findings={findings} />
      <Spoken title="Left out" lines={[...result.excluded, ...result.left].map((line) => `${line.asset}: ${line.says}`)} />
      <Spoken title="Waived" lines={result.waivers.map((line) => `${line.subject}, ${line.kind}: ${line.reason}`)} />
      <Spoken title="Assumed" lines={result.notes} />
      <Spoken title="Sources" lines={panel.sources} folded />
    </section>
  );
}

function Findings({ findings }: { findings: readonly QualityFinding[] }) {
  if (findings.length === 0) return <p class="empty">No gap, duplicate, jump or stale run was found in the bars.</p>;
  const serious = findings.filter((finding) => finding.severity !== 'note');
  const notes = findings.filter((finding) => finding.severity === 'note');
  return (
    <>
      {serious.length > 0 && <FindingTable findings={serious} caption={`${plural(serious.length, 'finding')} in the bars`} />}
      {notes.length > 0 && (
        <details>
          <summary>{plural(notes.length, 'note')} on the bars</summary>
          <FindingTable findings={notes} caption="Notes change nothing; they say what was masked or seen" />
        </details>
      )}
    </>
  );
}

function FindingTable({ findings, caption }: { findings: readonly QualityFinding[]; caption: string }) {
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Asset</th>
          <th scope="col">Finding</th>
          <th scope="col" class="num">
            Bars
          </th>
          <th scope="col" class="wide">
            From
          </th>
        </tr>
      </thead>
      <tbody>
        {findings.slice(0, MOST_FINDINGS).map((finding) => (
          <tr key={`${finding.asset} ${finding.kind} ${finding.from}`}>
            <th scope="row">{finding.asset}</th>
            <td class={`why severity-${finding.severity}`}>
              {finding.severity === 'note' ? '' : `${finding.severity}: `}
              {finding.kind}, {finding.says}
            </td>
            <td class="num">{count(finding.bars)}</td>
            <td class="wide num">{finding.from.slice(0, 10)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Spoken({ title, lines, folded = false }: { title: string; lines: readonly string[]; folded?: boolean }) {
  if (lines.length === 0) return null;
  const list = (
    <ul class="spoken">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
  if (folded) {
    return (
      <details>
        <summary>
          {title} ({lines.length})
        </summary>
        {list}
      </details>
    );
  }
  return (
    <>
      <h3>{title}</h3>
      {list}
    </>
  );
}

export function Model({ result }: { result: Result }) {
  const { fits, forecaster } = result;
  const failed = fits.filter((fit) => !fit.converged);
  const warned = fits.filter((fit) => fit.converged && fit.warnings.length + fit.atBound.length > 0);
  return (
    <section id="model" aria-labelledby="model-title">
      <header class="title">
        <h2 id="model-title">Model</h2>
        <p class="key">
          {plural(fits.length, 'fit')}, {failed.length === 0 ? 'all converged' : `${failed.length} not converged`}
        </p>
      </header>
      <Fits lines={failed} caption="Not converged" />
      {warned.length > 0 && (
        <details>
          <summary>{plural(warned.length, 'converged fit')} with a warning</summary>
          <Fits lines={warned} caption="Converged, and worth knowing" />
        </details>
      )}
      {forecaster === null ? (
        <p class="empty">No forecaster was trained in this run.</p>
      ) : (
        <table>
          <caption>
            Forecaster ({forecaster.backend}, {forecaster.horizonSteps} steps ahead) against its benchmark: pinball loss, lower is better;
            weight 0 stands aside
          </caption>
          <thead>
            <tr>
              <th scope="col">Asset</th>
              <th scope="col" class="num">
                Weight
              </th>
              <th scope="col" class="num">
                Forecaster
              </th>
              <th scope="col" class="num">
                Benchmark
              </th>
              <th scope="col" class="num">
                p
              </th>
              <th scope="col" class="wide">
                Verdict
              </th>
            </tr>
          </thead>
          <tbody>
            {forecaster.verdicts.map((verdict) => (
              <tr key={verdict.asset} title={verdict.says}>
                <th scope="row">{verdict.asset}</th>
                <td class="num">{verdict.weight.toFixed(2)}</td>
                <td class="num">{verdict.pinball.toFixed(4)}</td>
                <td class="num">{verdict.benchmarkPinball.toFixed(4)}</td>
                <td class="num">{verdict.pValue === null ? '–' : verdict.pValue.toFixed(3)}</td>
                <td class="wide why">{verdict.says}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Fits({ lines, caption }: { lines: readonly FitLine[]; caption: string }) {
  if (lines.length === 0) return null;
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Subject</th>
          <th scope="col">Model</th>
          <th scope="col">Warnings</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((fit) => (
          <tr key={`${fit.model} ${fit.subject}`}>
            <th scope="row">{fit.subject}</th>
            <td>{fit.model}</td>
            <td class="why">{[...fit.warnings, ...fit.atBound.map((name) => `${name} on its bound`)].join('; ') || '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
