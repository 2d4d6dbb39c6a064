/**
 * Numbers and times as people read them. Units stand beside the number; minus is U+2212; a missing figure is an en dash.
 */

const NONE = '–';

/** $0, $930, $12.4 k, $3.21 M, $1.08 B. */
export function usd(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size < 1) return size === 0 ? '$0' : `${sign}<$1`;
  if (size < 1e3) return `${sign}$${size.toFixed(0)}`;
  if (size < 999.5e3) return `${sign}$${three(size / 1e3)} k`;
  if (size < 999.5e6) return `${sign}$${three(size / 1e6)} M`;
  return `${sign}$${three(size / 1e9)} B`;
}

/** Price of one token: more digits the smaller it is. */
export function price(value: number): string {
  const digits = value >= 1000 ? 0 : value >= 1 ? 2 : 4;
  return `$${value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** 8050 basis points as 80.5; a second decimal only where it says something. */
export function bps(value: number): string {
  return (value / 100).toFixed(value % 10 === 0 ? 1 : 2);
}

/** 1,250,000 parts per million as 1.25. */
export function multiple(ppm: number): string {
  return (ppm / 1e6).toFixed(ppm % 10_000 === 0 ? 2 : 3);
}

export function percent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return NONE;
  return `${(share * 100).toFixed(digits).replace('-', '−')} %`;
}

/** Change from one figure to another, as a signed percentage of the first. */
export function change(from: number, to: number): string {
  if (from === to) return '±0';
  if (from === 0) return 'new';
  const share = ((to - from) / Math.abs(from)) * 100;
  const digits = Math.abs(share) < 10 ? 1 : 0;
  return `${share < 0 ? '−' : '+'}${Math.abs(share).toFixed(digits)} %`;
}

export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 && !Number.isInteger(value) ? 1 : 0 });
}

/** 0.4 s, 12.3 s, 3 min 20 s, 5 h, 12 days. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 2 * 86_400) return `${trim(seconds / 3_600)} h`;
  return `${trim(seconds / 86_400)} days`;
}

/** 2022-05-08 00:00 UTC. */
export function when(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** sha256:1a2b3c4d5e… and 0x1234…cdef: enough to compare by eye; the whole is in the title and in the copy. */
export function short(id: string): string {
  if (id.startsWith('sha256:')) return `sha256:${id.slice(7, 17)}…`;
  if (id.length > 18) return `${id.slice(0, 8)}…${id.slice(-6)}`;
  return id;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** First letter large: labels come in lower case. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function three(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function trim(value: number): string {
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
