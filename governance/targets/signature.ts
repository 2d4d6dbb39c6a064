/**
 * Signature: a Solidity function as people write it, `setCaps(uint16 supplyCap, uint16 borrowCap)`, read without the library that
 * encodes: names and shapes of its inputs, its canonical text and its selector (own Keccak).
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import { keccakOfText } from '../keccak.ts';
import * as Words from './words.ts';

export type Parameter = {
  readonly name: string;
  /** The canonical type: `(address,uint256)[]`. */
  readonly type: string;
  readonly shape: Words.Shape;
  /** Members of a tuple, or of the tuples of a list. */
  readonly members: readonly Parameter[];
};
export type Signature = {
  readonly name: string;
  readonly inputs: readonly Parameter[];
  readonly canonical: string;
  readonly selector: string;
};

/** A leading `function` and anything after the inputs (`view returns …`) are skipped. */
export function parse(text: string): Signature {
  const head = /^\s*(?:function\s+)?([A-Za-z_]\w*)\s*\(/.exec(text);
  if (head === null) throw new NotASignatureError({ got: quote(text), needed: 'name(type name, …)' });
  const { parameters } = readList(text, head[0].length);
  const canonical = `${head[1]}(${parameters.map(({ type }) => type).join(',')})`;
  return { name: head[1]!, inputs: parameters, canonical, selector: keccakOfText(canonical).slice(0, 10) };
}

type List = { readonly parameters: readonly Parameter[]; readonly end: number };

/** From just after an opening bracket to just after its closing one. */
function readList(text: string, from: number): List {
  const parameters: Parameter[] = [];
  let at = from;
  if (/^\s*\)/.test(text.slice(at))) return { parameters, end: text.indexOf(')', at) + 1 };
  for (;;) {
    at += /^\s*/.exec(text.slice(at))![0].length;
    let members: readonly Parameter[] = [];
    let base: string;
    if (text[at] === '(') {
      const inner = readList(text, at + 1);
      members = inner.parameters;
      base = `(${members.map(({ type }) => type).join(',')})`;
      at = inner.end;
    } else {
      base = /^[a-z]+\d*/.exec(text.slice(at))?.[0] ?? '';
      at += base.length;
    }
    const rest = /^((?:\[\])*)(?:\s+(?:calldata|memory))?(?:\s+([A-Za-z_]\w*))?\s*([,)])/.exec(text.slice(at));
    if (rest === null) throw new NotASignatureError({ got: quote(text), needed: `a type, a name and , or ) at position ${at}` });
    const [whole, brackets = '', name = `argument${parameters.length}`, closing] = rest;
    let shape = base.startsWith('(') ? Words.tuple(...members.map((member) => member.shape)) : shapeOf(base, text);
    for (let depth = 0; depth < brackets.length / 2; depth += 1) shape = Words.list(shape);
    parameters.push({ name, type: base + brackets, shape, members });
    at += whole.length;
    if (closing === ')') return { parameters, end: at };
  }
}

function shapeOf(type: string, text: string): Words.Shape {
  const plain = PLAIN.get(type);
  if (plain !== undefined) return plain;
  const [, kind, bits] = /^(u?int)(\d+)$/.exec(type) ?? [];
  if (kind === undefined || Number(bits) % 8 !== 0 || Number(bits) > 256 || Number(bits) === 0) {
    throw new NotASignatureError({ got: quote(text), needed: `a known type instead of ${quote(type)}` });
  }
  return kind === 'uint' ? Words.uint(Number(bits)) : Words.int(Number(bits));
}

const PLAIN: ReadonlyMap<string, Words.Shape> = new Map([
  ['address', Words.ADDRESS],
  ['bool', Words.BOOL],
  ['bytes32', Words.BYTES32],
  ['bytes', Words.BYTES],
  ['string', Words.STRING],
]);

export class NotASignatureError extends PlimsollError {
  override readonly name = 'Signature.NotASignatureError';
}
