/** Words of the commands that pull: assets, feeds, moments and blocks, as a person writes them. */
import { InvalidArgumentError } from 'commander';

export type Hex = `0x${string}`;
/** An address or identifier by asset. */
export type Named = readonly (readonly [name: string, id: Hex])[];

export function collectName(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), currency(text)];
}

/** It becomes part of a file's name. */
export function currency(text: string): string {
  if (!/^[A-Za-z0-9]{1,16}$/.test(text)) throw new InvalidArgumentError('Needed a name of letters and digits, such as BTC.');
  return text;
}

export function moment(text: string): number {
  const ms = Date.parse(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? `${text}Z` : text);
  if (Number.isNaN(ms) || !/^\d{4}-\d\d/.test(text)) throw new InvalidArgumentError('Needed an ISO 8601 time such as 2022-01-01.');
  return ms;
}

/** ETH=0x…, each name once. */
export function collectFeed(digits: number) {
  return (text: string, before: Named = []): Named => {
    const [, name, id] = /^([A-Za-z0-9]{1,16})=(?:0x)?([0-9a-fA-F]+)$/.exec(text) ?? [];
    if (name === undefined || id?.length !== digits) throw new InvalidArgumentError(`Needed ASSET=0x and ${digits} hex digits.`);
    if (before.some(([known]) => known === name)) throw new InvalidArgumentError(`${name} is given twice.`);
    return [...before, [name, `0x${id.toLowerCase()}`]];
  };
}

export function block(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Needed the number of a block.');
  return BigInt(text);
}

export function url(text: string): string {
  if (!URL.canParse(text)) throw new InvalidArgumentError('Needed an address such as https://host/path.');
  return text;
}
