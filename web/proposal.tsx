/**
 * The proposal: the exact calls in words and in bytes, what was checked about them, and what a chain did with them.
 */
import { Copy } from './copy.tsx';
import { count, plural, when } from './format.ts';
import type { CallView, Check, Execution, Proposal, Result } from './page.ts';

export function Proposed({ result }: { result: Result }) {
  const { proposal, execution } = result;
  return (
    <section id="proposal" aria-labelledby="proposal-title">
      <header class="title">
        <h2 id="proposal-title">Proposal</h2>
        <p class="key">{proposal === null ? 'nothing to sign' : standing(proposal, execution)}</p>
      </header>
      {proposal === null ? (
        <p class="empty">{result.noProposal?.says ?? 'Nothing was drafted.'}</p>
      ) : (
        <div class="pair">
          <div>
            <h3>{plural(proposal.calls.length, 'call')}</h3>
            <ol class="calls">
              {proposal.calls.map((call) => (
                <Bytes key={call.data} call={call} />
              ))}
            </ol>
            <h3>Checks</h3>
            <Checks checks={proposal.checks} />
            <h3>Identity</h3>
            <Identity proposal={proposal} />
            <details>
              <summary>Description, as its hash binds it</summary>
              <pre>{proposal.description}</pre>
            </details>
          </div>
          <div>
            {execution === null ? (
              <p class="empty">Not executed: no local chain was started for this run.</p>
            ) : (
              <Executed execution={execution} />
            )}
          </div>
        </div>
      )}
    </section>
  );
}

function standing(proposal: Proposal, execution: Execution | null): string {
  const failed = proposal.checks.filter((check) => check.verdict === 'fail').length;
  const checks =
    failed === 0
      ? `${plural(proposal.checks.length, 'check')} made, none failed`
      : `${failed} of ${plural(proposal.checks.length, 'check')} failed`;
  const chain =
    execution === null
      ? ''
      : execution.ok
        ? ' · executed on a local chain and read back equal'
        : ' · the local chain did not end where it should';
  return `${checks}${chain} · expires ${when(proposal.expiresAt)}`;
}

function Bytes({ call }: { call: CallView }) {
  return (
    <li>
      <details>
        <summary>{call.says}</summary>
        <dl class="facts stacked">
          <div>
            <dt>To</dt>
            <dd>
              <Copy value={call.to} label="address" />
            </dd>
          </div>
          <div>
            <dt>Function</dt>
            <dd>
              <code>{call.decoded.function}</code>
            </dd>
          </div>
          {Object.entries(call.decoded.arguments).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ))}
          <div>
            <dt>Value</dt>
            <dd>{call.valueWei} wei</dd>
          </div>
          <div>
            <dt>Bytes</dt>
            <dd>
              <Copy value={call.data} whole label="call data" />
            </dd>
          </div>
        </dl>
      </details>
    </li>
  );
}

function Identity({ proposal }: { proposal: Proposal }) {
  const rows: readonly (readonly [string, string])[] = [
    ['Proposal', proposal.id],
    ['Evidence root', proposal.evidenceRoot],
    ['Id on chain', proposal.onChainId],
    ['Governor', proposal.governor],
    ['Description hash', proposal.descriptionHash],
  ];
  return (
    <dl class="facts stacked">
      <div>
        <dt>Target</dt>
        <dd>
          {proposal.target}, chain {proposal.chainId}
        </dd>
      </div>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Copy value={value} label={name.toLowerCase()} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Checks({ checks }: { checks: readonly Check[] }) {
  const order = ['fail', 'warn', 'pass'];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return (
    <ul class="checks">
      {sorted.map((check) => (
        <li key={check.name} class={`check-${check.verdict}`}>
          <b>{check.verdict}</b>
          <span>
            {check.name}: <span class="quiet">{check.says}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Executed({ execution }: { execution: Execution }) {
  const touched = execution.readBack.filter((line) => line.before !== line.after || !line.matches);
  const untouched = execution.readBack.length - touched.length;
  return (
    <>
      <h3>{execution.rehearsal ? `Rehearsal on a local chain, id ${execution.chainId}` : `Executed on chain ${execution.chainId}`}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" class="num">
              Block
            </th>
            <th scope="col" class="num">
              Gas
            </th>
            <th scope="col" class="wide">
              Transaction
            </th>
          </tr>
        </thead>
        <tbody>
          {execution.steps.map((step) => (
            <tr key={step.transaction}>
              <th scope="row">{step.step}</th>
              <td class="num">{step.block}</td>
              <td class="num">{count(Number(step.gasUsed))}</td>
              <td class="wide">
                <Copy value={step.transaction} label={`${step.step} transaction`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>Read back</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col" class="num">
              Before
            </th>
            <th scope="col" class="num">
              Wanted
            </th>
            <th scope="col" class="num">
              On chain
            </th>
            <th scope="col">Equal</th>
          </tr>
        </thead>
        <tbody>
          {touched.map((line) => (
            <tr key={`${line.asset} ${line.field}`}>
              <th scope="row">
                {line.asset} <span class="quiet">{line.field}</span>
              </th>
              <td class="num">{line.before}</td>
              <td class="num">{line.wanted}</td>
              <td class="num">{line.after}</td>
              <td class={line.matches ? 'good' : 'bad'}>{line.matches ? 'yes' : 'no'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">{untouched === 0 ? '' : `${plural(untouched, 'other parameter')} read back unchanged.`}</p>
    </>
  );
}
