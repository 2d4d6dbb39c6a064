/**
 * The load line, drawn: one mark an asset, all on the same scale of percent of collateral value.
 *
 *   deck (top)      100 % of the collateral's value
 *   T               liquidation threshold
 *   disc and bar    how deep an account may load: the LTV
 *   water           how deep accounts holding this collateral are loaded today, on average
 *
 * What moves is drawn in magenta, as corrections are on a sea chart; where it was stays as a dotted line.
 */
import { bps, multiple } from './format.ts';
import type { AssetAdvice, AssetExposure } from './page.ts';

const WIDTH = 140;
const TOP = 10;
const BOTTOM = 200;
const DISC = { x: 50, r: 15 };
const STAFF = 84;
/** Least distance of two labels, so that an LTV close under its threshold stays legible. */
const LABEL_GAP = 14;

export type Scale = { readonly lowBps: number };

/** One scale for all assets, from the deepest LTV or water shown (water far under every LTV does not stretch it), at a round ten percent. */
export function scaleOf(advice: readonly AssetAdvice[], exposures: ReadonlyMap<string, AssetExposure>): Scale {
  const collateral = advice.filter(isCollateral);
  const ltv = Math.min(7_000, ...collateral.flatMap(({ fields }) => [10_000 - fields.haircutBps.from, 10_000 - fields.haircutBps.to]));
  const used = Math.min(ltv, ...collateral.map(({ asset }) => exposures.get(asset)?.usedLtvBps ?? 10_000));
  return { lowBps: Math.max(0, Math.floor((Math.max(used, ltv - 2_500) - 500) / 1_000) * 1_000) };
}

/** What nobody may borrow against has no load line to draw; the table has its margin multiplier. */
export function isCollateral({ fields: { liquidationThresholdBps: threshold } }: AssetAdvice): boolean {
  return threshold.from > 0 || threshold.to > 0;
}

export function Mark({ advice, exposure, scale }: { advice: AssetAdvice; exposure: AssetExposure | undefined; scale: Scale }) {
  const { haircutBps: haircut, liquidationThresholdBps: threshold, marginMultiplierPpm: margin } = advice.fields;
  const y = (value: number): number => TOP + ((10_000 - value) / (10_000 - scale.lowBps)) * (BOTTOM - TOP);
  const ltv = { from: 10_000 - haircut.from, to: 10_000 - haircut.to };
  const used = exposure?.usedLtvBps ?? null;
  const labels = spread(y(threshold.to), y(ltv.to));
  const water = used === null ? BOTTOM : y(Math.max(used, scale.lowBps));
  return (
    <figure class={`mark is-${advice.verdict}`}>
      <svg viewBox={`0 0 ${WIDTH} ${BOTTOM + 2}`} role="img" aria-label={describe(advice, used)}>
        <rect class="hull" x="0" y={TOP} width={WIDTH} height={BOTTOM - TOP} />
        {used !== null && (
          <>
            <path class="sea" d={`${wave(water)} V${BOTTOM} H0 Z`} />
            <path class="surface" d={wave(water)} />
          </>
        )}
        {graduation(scale).map((value) => (
          <g key={value} class="grade">
            <path d={`M0 ${y(value)} h${value % 1_000 === 0 ? 5 : 3}`} />
            {value % 1_000 === 0 && value > scale.lowBps && (
              <text x="8" y={y(value) + 3.6}>
                {value / 100}
              </text>
            )}
          </g>
        ))}
        <path class="deck" d={`M0 ${TOP} H${WIDTH}`} />
        <path class="staff" d={`M${STAFF} ${Math.min(y(threshold.to), y(threshold.from))} V${Math.max(y(ltv.to), y(ltv.from))}`} />
        <Tick field={threshold} from={y(threshold.from)} to={y(threshold.to)} label={`T ${bps(threshold.to)}`} labelY={labels.upper} />
        <Tick field={haircut} from={y(ltv.from)} to={y(ltv.to)} label={bps(ltv.to)} labelY={labels.lower} />
        {haircut.from !== haircut.to && <path class="was" d={`M${DISC.x - 26} ${y(ltv.from)} h52`} />}
        <g class={haircut.from === haircut.to ? 'disc' : 'disc moved'}>
          <circle cx={DISC.x} cy={y(ltv.to)} r={DISC.r} />
          <path d={`M${DISC.x - 26} ${y(ltv.to)} h52`} />
        </g>
      </svg>
      <figcaption>
        <b>{advice.asset}</b>
        <span class={margin.from === margin.to ? 'quiet' : 'moved'}>
          {margin.reason === 'no-exposure'
            ? ''
            : margin.from === margin.to
              ? `×${multiple(margin.to)}`
              : `×${multiple(margin.from)} → ${multiple(margin.to)}`}
        </span>
      </figcaption>
    </figure>
  );
}

function Tick(props: { field: { from: number; to: number }; from: number; to: number; label: string; labelY: number }) {
  const moved = props.field.from !== props.field.to;
  return (
    <g class={moved ? 'tick moved' : 'tick'}>
      {moved && <path class="old" d={`M${STAFF} ${props.from} h10`} />}
      <path d={`M${STAFF} ${props.to} h12`} />
      <text x={STAFF + 15} y={props.labelY + 4.5}>
        {props.label}
      </text>
    </g>
  );
}

function describe({ asset, verdict, fields }: AssetAdvice, usedBps: number | null): string {
  const move = (from: number, to: number): string => (from === to ? `${bps(to)} percent` : `from ${bps(from)} to ${bps(to)} percent`);
  const { haircutBps: haircut, liquidationThresholdBps: threshold } = fields;
  const used = usedBps === null ? '' : `; accounts are loaded to ${bps(Math.round(usedBps / 10) * 10)} percent`;
  return `${asset}: ${verdict}; LTV ${move(10_000 - haircut.from, 10_000 - haircut.to)}; threshold ${move(threshold.from, threshold.to)}${used}`;
}

function spread(upper: number, lower: number): { upper: number; lower: number } {
  const missing = LABEL_GAP - (lower - upper);
  if (missing <= 0) return { upper, lower };
  const raised = Math.max(TOP + 2, upper - missing / 2);
  return { upper: raised, lower: raised + LABEL_GAP };
}

function wave(y: number): string {
  const step = WIDTH / 4;
  return `M0 ${y} ${Array.from({ length: 4 }, () => `q${step / 4} -2.6 ${step / 2} 0 t${step / 2} 0`).join(' ')}`;
}

function graduation({ lowBps }: Scale): number[] {
  return Array.from({ length: Math.floor((10_000 - lowBps) / 500) }, (_, index) => lowBps + index * 500);
}
