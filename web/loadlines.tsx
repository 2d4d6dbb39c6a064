/**
 * Load lines: the marks side by side, then the table with the reasons. Rows open with Enter; j and k walk them.
 */
import { useState } from 'preact/hooks';
import { bps, multiple, percent, plural, price, usd } from './format.ts';
import { isCollateral, Mark, scaleOf } from './mark.tsx';
import type { AssetAdvice, AssetExposure, FieldAdvice, FieldName, Result } from './page.ts';
import { binding, FIELD_LABEL, FIELDS, reason, why } from './words.ts';

/** A haircut is shown as what people lend against: LTV = 100 % − haircut. */
const SHOW: Readonly<Record<FieldName, (value: number) => string>> = {
  haircutBps: (value) => bps(10_000 - value),
  liquidationThresholdBps: bps,
  marginMultiplierPpm: multiple,
};

export function LoadLines({ result, filter, onFilter }: { result: Result; filter: string; onFilter: (text: string) => void }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const exposures = new Map(result.assets.map((exposure) => [exposure.asset, exposure]));
  const advice = [...result.recommendation.assets].sort(
    (a, b) => weight(b, exposures.get(b.asset)) - weight(a, exposures.get(a.asset)) || a.asset.localeCompare(b.asset),
  );
  const shown = advice.filter((line) => matches(line, filter));
  const scale = scaleOf(advice, exposures);
  const toggle = (asset: string): void => {
    const next = new Set(open);
    if (!next.delete(asset)) next.add(asset);
    setOpen(next);
  };
  return (
    <section id="load-lines" aria-labelledby="load-lines-title">
      <header class="title">
        <h2 id="load-lines-title">Load lines</h2>
        <p class="key">
          disc: LTV · T: liquidation threshold · water: how deep the book is loaded today · <span class="moved">magenta: moves</span> ·
          dotted: where it was
        </p>
        <label class="filter">
          <span class="visually-hidden">Filter assets, verdicts and reasons</span>
          <input
            id="filter"
            type="search"
            placeholder="filter   /"
            autocomplete="off"
            value={filter}
            onInput={(event) => onFilter(event.currentTarget.value)}
          />
        </label>
      </header>
      <div class="marks">
        {shown.filter(isCollateral).map((line) => (
          <Mark key={line.asset} advice={line} exposure={exposures.get(line.asset)} scale={scale} />
        ))}
      </div>
      <table class="lines">
        <caption class="visually-hidden">Recommended parameters by asset, with the binding constraint and the reason</caption>
        <thead>
          <tr>
            <th scope="col">Asset</th>
            <th scope="col" class="wide num">
              Collateral
            </th>
            <th scope="col" class="wide num">
              Days of volume
            </th>
            <th scope="col" class="wide num">
              Volatility
            </th>
            <th scope="col">LTV %</th>
            <th scope="col">Threshold %</th>
            <th scope="col">Margin ×</th>
            <th scope="col">Verdict</th>
            <th scope="col" class="wide">
              Why
            </th>
          </tr>
        </thead>
        {shown.map((line) => (
          <Line
            key={line.asset}
            line={line}
            exposure={exposures.get(line.asset)}
            open={open.has(line.asset)}
            onToggle={() => toggle(line.asset)}
          />
        ))}
      </table>
      {shown.length === 0 && <p class="empty">No load line matches “{filter}”. Press Escape to clear the filter.</p>}
    </section>
  );
}

function Line(props: { line: AssetAdvice; exposure: AssetExposure | undefined; open: boolean; onToggle: () => void }) {
  const { line, exposure, open, onToggle } = props;
  const details = `details-${line.asset}`;
  return (
    <tbody class={`line is-${line.verdict}`}>
      <tr>
        <th scope="row">
          <button type="button" class="row" data-row={line.asset} aria-expanded={open} aria-controls={details} onClick={onToggle}>
            {line.asset}
          </button>
        </th>
        <td class="wide num">{exposure === undefined ? '–' : usd(exposure.collateralUsd)}</td>
        <td class="wide num">{days(exposure)}</td>
        <td class="wide num">{exposure?.annualVolatilityPct == null ? '–' : `${exposure.annualVolatilityPct.toFixed(0)} %`}</td>
        {FIELDS.map((name) => (
          <td key={name}>
            <Move name={name} field={line.fields[name]} />
          </td>
        ))}
        <td>
          <span class="verdict">{line.verdict}</span>
        </td>
        <td class="wide why">{why(line)}</td>
      </tr>
      <tr class="narrow">
        <td colSpan={5} class="why">
          {why(line)}
        </td>
      </tr>
      {open && (
        <tr class="details" id={details}>
          <td colSpan={9}>
            <Details line={line} exposure={exposure} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Move({ name, field }: { name: FieldName; field: FieldAdvice }) {
  const show = SHOW[name];
  // A haircut of 100 % or a threshold of 0 is how a book says that nobody may borrow against this.
  const off = (name === 'haircutBps' && field.from === 10_000) || (name === 'liquidationThresholdBps' && field.from === 0);
  if (field.verdict === 'abstain') {
    const said = field.reason === null ? 'abstains' : reason(field.reason);
    return (
      <span class="quiet" title={binding(field.binding)}>
        {off || field.reason === 'no-exposure' ? '–' : show(field.from)} <small>{said}</small>
      </span>
    );
  }
  if (field.from === field.to) return <span class="steady">{off ? '–' : show(field.from)}</span>;
  return (
    <span class="move">
      {show(field.from)} <span aria-hidden="true">→</span>
      <span class="visually-hidden">to</span> <b>{show(field.to)}</b>
    </span>
  );
}

function Details({ line, exposure }: { line: AssetAdvice; exposure: AssetExposure | undefined }) {
  return (
    <div class="pair">
      <p class="because">{line.because}</p>
      <div class="scroll">
        <table>
          <caption>What stopped each value where it stands; in the interval the data cannot tell values apart</caption>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Verdict</th>
              <th scope="col">Interval</th>
              <th scope="col">Binding</th>
              <th scope="col">Safe steps</th>
            </tr>
          </thead>
          <tbody>
            {FIELDS.map((name) => {
              const field = line.fields[name];
              const show = SHOW[name];
              const ends = [show(field.low), show(field.high)].sort();
              return (
                <tr key={name}>
                  <th scope="row">{FIELD_LABEL[name]}</th>
                  <td>{field.reason === null ? field.verdict : `${field.verdict}: ${reason(field.reason)}`}</td>
                  <td>{ends[0] === ends[1] ? '–' : `${ends[0]} to ${ends[1]}`}</td>
                  <td class="why">{binding(field.binding)}</td>
                  <td>
                    {field.schedule.length === 0
                      ? '–'
                      : field.schedule.map((value, index) => `${show(value)}${onDay(field.scheduleAt?.[index])}`).join(' → ')}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {exposure !== undefined && <Exposure exposure={exposure} challenge={line.challenge ?? null} />}
    </div>
  );
}

function Exposure({ exposure, challenge }: { exposure: AssetExposure; challenge: NonNullable<AssetAdvice['challenge']> | null }) {
  const facts: readonly (readonly [string, string])[] = [
    ['Price', `${price(exposure.priceUsd)}${exposure.panelAsset === null ? ', held constant' : `, driven by ${exposure.panelAsset}`}`],
    ['Collateral', usd(exposure.collateralUsd)],
    ['Debt', usd(exposure.debtUsd)],
    ['Perpetuals, gross', usd(exposure.perpGrossUsd)],
    ['Loaded to', exposure.usedLtvBps === null ? '–' : `${bps(Math.round(exposure.usedLtvBps / 10) * 10)} %`],
    ['Liquidation bonus', `${bps(exposure.parameters.liquidationBonusBps)} %`],
    ['Daily volume', usd(exposure.dailyVolumeUsd)],
    ['Volatility forecast', exposure.annualVolatilityPct === null ? 'not modelled' : `${exposure.annualVolatilityPct.toFixed(0)} % a year`],
    ['Deepest fall, by law', challenge === null ? '–' : percent(challenge.lawFall)],
    ['by history', challenge === null ? '–' : percent(challenge.historyFall)],
    ['Disagreement', challenge === null ? '–' : `× ${challenge.index.toFixed(2)}`],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The answer for the top of the page: what moves, and whether the budget is kept then. */
export function headline(result: Result): string {
  const lines = result.recommendation.assets;
  const moving = lines.filter((line) => line.verdict === 'change').length;
  const kept = withinBudget(result);
  if (moving > 0) {
    const rest = kept ? 'The loss budget is then kept.' : 'Even so, the loss budget is not kept.';
    return `${moving} of ${plural(lines.length, 'load line')} should move. ${rest}`;
  }
  const budget = `The loss budget is ${kept ? '' : 'not '}kept.`;
  if (lines.some((line) => line.verdict === 'hold')) return `No load line should move now. ${budget}`;
  const [first] = lines
    .flatMap((line) => FIELDS.map((name) => line.fields[name].reason))
    .filter((name) => name !== null && name !== 'no-exposure');
  return `No advice${first === undefined || first === null ? '' : `: ${reason(first)}`}. ${budget}`;
}

/** Both halves of the rule: the mean of the tail, and the proven bound on the chance of losing more. */
export function withinBudget({ recommendation: { after }, policy }: Result): boolean {
  const allowed = policy?.overBudgetProbability ?? 1;
  return after.expectedShortfallUsd <= after.budgetUsd && after.overBudgetProbabilityUpper <= allowed;
}

/** How many days of trading the collateral is: what a liquidation would have to be sold into. */
function days(exposure: AssetExposure | undefined): string {
  if (exposure === undefined || exposure.collateralUsd === 0) return '–';
  return (exposure.collateralUsd / exposure.dailyVolumeUsd).toFixed(1);
}

/** Changes first, then by what is at stake. */
function weight(line: AssetAdvice, exposure: AssetExposure | undefined): number {
  const stake = (exposure?.collateralUsd ?? 0) + (exposure?.perpGrossUsd ?? 0);
  return (line.verdict === 'change' ? 1e15 : line.verdict === 'hold' ? 1e13 : 0) + Math.min(stake, 1e12);
}

function matches(line: AssetAdvice, filter: string): boolean {
  const text = `${line.asset} ${line.verdict} ${line.regime} ${why(line)} ${line.because}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function onDay(at: string | undefined): string {
  return at === undefined ? '' : ` (${at.slice(0, 10)})`;
}
