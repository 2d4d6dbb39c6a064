/**
 * Keep: the values by which Aave's engines are told to leave a parameter alone. Each generation has its own, and one generation's
 * is the other's valid huge number. Source: EngineFlags.sol of aave-v3-origin 3.6 and of aave-v4.
 */
import type { Row } from './call.ts';

export const V3 = 2n ** 256n - 1n - 42n;
export const V4 = 2n ** 256n - 1n;
/** The same in the rates' narrower fields. */
export const V4_UINT16 = 2n ** 16n - 1n;
export const V4_UINT32 = 2n ** 32n - 1n;

export function isV3(value: string): boolean {
  return value === String(V3);
}

export function isV4(value: string): boolean {
  return value === String(V4);
}

/** The other generation's flag in a row of this one's. */
export function wrongV3(row: Row): readonly string[] {
  return wrong(row, V4, 'v4', 'v3');
}

export function wrongV4(row: Row): readonly string[] {
  return wrong(row, V3, 'v3', 'v4');
}

function wrong(row: Row, flag: bigint, theirs: string, here: string): readonly string[] {
  return Object.entries(row).flatMap(([name, value]) =>
    value === String(flag) ? [`${name} is KEEP_CURRENT of Aave ${theirs}: a ${here} contract takes it for a value.`] : [],
  );
}
