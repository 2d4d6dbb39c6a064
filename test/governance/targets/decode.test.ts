import fc from 'fast-check';
import { encodeFunctionData, getContractAddress, parseAbi, parseAbiItem, toFunctionSelector } from 'viem';
import { describe, expect, it } from 'vitest';
import { PlimsollError } from '../../../base/errors.ts';
import * as AaveGovernance from '../../../governance/targets/aave-governance.ts';
import * as Bravo from '../../../governance/targets/bravo.ts';
import * as Call from '../../../governance/targets/call.ts';
import * as Decode from '../../../governance/targets/decode.ts';
import * as Governor from '../../../governance/targets/governor.ts';
import * as MultiSend from '../../../governance/targets/multisend.ts';
import * as Safe from '../../../governance/targets/safe.ts';
import * as Signature from '../../../governance/targets/signature.ts';
import * as Words from '../../../governance/targets/words.ts';
import { artifact } from '../../datasets/sources/ledger.ts';
import { PUBLISHED } from './selectors.ts';

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const;
const functions = Decode.TABLES.flatMap((table) => [...table.values()]);

const A = `0x${'a1'.repeat(20)}` as const;
const B = `0x${'b2'.repeat(20)}` as const;
const ROAD = { route: 'aave-governance', payloadsController: A, executor: A, governance: A, votingPortal: B } as const;
const ltv = encodeFunctionData({
  abi: parseAbi(['function setLTV(address,uint16,uint16,uint32)']),
  functionName: 'setLTV',
  args: [A, 8_000, 8_500, 86_400],
});
const inner = (data: Words.Hex, to: Words.Address = A): Call.Inner => ({ to, valueWei: '0', data, operation: 'call' });

/** Any value of a shape. */
function arbitrary(shape: Words.Shape): fc.Arbitrary<Words.Value> {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(hex);
  switch (shape.of) {
    case 'uint':
      return fc.bigInt({ min: 0n, max: 2n ** BigInt(shape.bits) - 1n });
    case 'int':
      return fc.bigInt({ min: -(2n ** BigInt(shape.bits - 1)), max: 2n ** BigInt(shape.bits - 1) - 1n });
    case 'bool':
      return fc.boolean();
    case 'address':
      return bytes(20);
    case 'bytes32':
      return bytes(32);
    case 'bytes':
      return fc.uint8Array({ maxLength: 40 }).map(hex);
    case 'string':
      return fc.string({ maxLength: 20 });
    case 'list':
      return fc.array(arbitrary(shape.item), { maxLength: 3 });
    case 'tuple':
      return fc.tuple(...shape.items.map(arbitrary));
  }
}

describe('the table of known functions', () => {
  it('has every published selector under the target that publishes it', () => {
    for (const [target, selectors] of Object.entries(PUBLISHED)) {
      const ours = functions.filter((known) => known.target === target).map(({ signature }) => signature.selector);
      for (const selector of selectors) expect(ours, `${target} ${selector}`).toContain(`0x${selector}`);
    }
    expect(Object.values(PUBLISHED).flat().length).toBeGreaterThan(100);
  });

  it('hashes each signature as viem does', () => {
    for (const { signature } of functions) expect(toFunctionSelector(`function ${signature.canonical}`)).toBe(signature.selector);
  });

  it('gives one selector to one signature only', () => {
    const seen = new Map<string, string>();
    for (const { signature } of functions) {
      expect(seen.get(signature.selector) ?? signature.canonical).toBe(signature.canonical);
      seen.set(signature.selector, signature.canonical);
    }
  });

  it('decodes what viem encodes, every function of it, and names every argument', () => {
    for (const { signature } of functions.filter(
      ({ target, signature: { name } }) => name !== 'multiSend' && target !== 'openzeppelin-governor',
    )) {
      const values = fc.sample(fc.tuple(...signature.inputs.map(({ shape }) => arbitrary(shape))), { numRuns: 3 });
      for (const given of values) {
        const abi = [parseAbiItem(`function ${signature.canonical}`)] as Parameters<typeof encodeFunctionData>[0]['abi'];
        const data = encodeFunctionData({ abi, functionName: signature.name, args: given } as Parameters<typeof encodeFunctionData>[0]);
        const decoded = Decode.decode(data);
        expect(decoded.signature).toBe(signature.canonical);
        expect(Object.keys(decoded.arguments)).toEqual(signature.inputs.map(({ name }) => name));
        const [first] = signature.inputs;
        if (first?.shape.of === 'uint') expect(decoded.arguments[first.name]).toBe(String(given[0]));
      }
    }
  });
});

describe('signatures', () => {
  it('are read with nested tuples, names and locations', () => {
    const { canonical, inputs } = Signature.parse(
      'function f((address a, (uint256[] b, bool c) d)[] calldata e, int8, bytes data) view returns (bool)',
    );
    expect(canonical).toBe('f((address,(uint256[],bool))[],int8,bytes)');
    expect(inputs.map(({ name }) => name)).toEqual(['e', 'argument1', 'data']);
    expect(inputs[0]!.members[1]!.members.map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it.each(['', 'f', 'f(', 'f(uint257 a)', 'f(uint12 a)', 'f(float a)', 'f(address a b)', 'f(address a,)'])('refuse %j', (text) => {
    expect(() => Signature.parse(text)).toThrow(Signature.NotASignatureError);
  });
});

describe('decoding', () => {
  it('opens a Safe transaction, its batch, a proposal in it and the change at the end', () => {
    const propose = Governor.proposeData([inner(ltv)], '# Raise\n\nwhy');
    const batch = MultiSend.encode([inner(propose, B), inner(ltv)]);
    const venue = Safe.Venue.parse({ route: 'safe', safe: A });
    const tx = Safe.encode(venue, [inner(propose, B), inner(ltv)], 7n);
    expect(tx.data).toBe(batch);
    const decoded = Decode.decode(Safe.execData(tx, '0x'));
    const levels = [
      decoded,
      decoded.calls[0]!.call!,
      decoded.calls[0]!.call!.calls[0]!.call!,
      decoded.calls[0]!.call!.calls[0]!.call!.calls[0]!.call!,
    ];
    expect(levels.map((level) => level.function)).toEqual(['execTransaction', 'multiSend', 'propose', 'setLTV']);
    expect(levels[3]!.says).toBe(`Sets collateral ${A}: borrow LTV 80.00 % at once, liquidation LTV 85.00 % over 86400 s.`);
    expect(Decode.allWarnings(decoded)).toEqual([]);
  });

  it('puts the selector of a signature string before its arguments, as the timelock will', () => {
    const abi = parseAbi(['function propose(address[],uint256[],string[],bytes[],string)']);
    const args = [[A, A], [0n, 0n], ['setLTV(address,uint16,uint16,uint32)', ''], [`0x${ltv.slice(10)}`, ltv], 'x'] as const;
    const decoded = Decode.decode(encodeFunctionData({ abi, functionName: 'propose', args }));
    expect(decoded.calls.map(({ data }) => data)).toEqual([ltv, ltv]);
    const double = [[A], [0n], ['setLTV(address,uint16,uint16,uint32)'], [ltv], 'x'] as const;
    const warned = Decode.decode(encodeFunctionData({ abi, functionName: 'propose', args: double }));
    expect(warned.warnings.join()).toContain('stands twice');
    expect(Bravo.sentData('', ltv)).toBe(ltv);
  });

  it('is the same by the road alone as by all tables together', () => {
    const venue = Safe.Venue.parse({ route: 'safe', safe: A });
    const exec = Safe.execData(Safe.encode(venue, [inner(ltv)], 0n), '0x');
    const bravo = Bravo.encode(Bravo.Venue.parse({ route: 'governor-bravo', governor: A, timelock: B }), [inner(ltv)], 'x')[0]!.data;
    const payload = AaveGovernance.encode({ ...ROAD, accessLevel: 1 }, [inner(ltv)])[0]!.data;
    for (const [decode, data] of [
      [Safe.decode, exec],
      [Bravo.decode, bravo],
      [AaveGovernance.decode, payload],
    ] as const) {
      expect(decode(data)).toMatchObject({ says: Decode.decode(data).says, inner: [{ data: ltv }] });
      expect(() => decode('0xdeadbeef')).toThrow(Call.UnknownCallError);
    }
    const second = AaveGovernance.encodeProposal({ ...ROAD, accessLevel: 1 }, 137, 42, `0x${'ab'.repeat(32)}`);
    expect(Decode.decode(second).says).toBe('Proposes payload 42 of chain 137. What it does stands in the payload, not here.');
  });

  it('says which rates of Aave v4 are kept, each by the all ones of its width', () => {
    const known = functions.find(({ signature }) => signature.name === 'updateHubAssetIRs')!;
    const irData = [65_535n, 4_294_967_295n, 400n, 6_000n];
    const data = Words.encode(
      known.signature.inputs.map(({ shape }) => shape),
      [[[A, A, A, 1n, A, A, irData, A]]],
    );
    expect(Decode.decode(`${known.signature.selector}${data.slice(2)}` as Words.Hex).says).toContain(
      'optimal usage kept, base kept, growth before 4.00 % and after 60.00 %',
    );
  });

  it('warns of a delegate call to anything but the known MultiSendCallOnly', () => {
    const tx = (to: Words.Address, operation: 0 | 1): Words.Hex =>
      Safe.execData({ ...Safe.encode(Safe.Venue.parse({ route: 'safe', safe: A }), [inner(ltv, to)], 0n), operation }, '0x');
    expect(Decode.decode(tx(A, 1)).warnings.join()).toContain('DELEGATE CALL');
    expect(Decode.decode(tx(A, 0)).warnings).toEqual([]);
    expect(Decode.decode(tx('0x9641d764fc13c8B624c04430C7356C1C7C8102e2', 1)).warnings).toEqual([]);
    // Where the factory that everybody uses puts the contract as its makers compiled it.
    const { bytecode } = artifact(
      '@safe-global/safe-smart-account/build/artifacts/contracts/libraries/MultiSendCallOnly.sol/MultiSendCallOnly.json',
    );
    const from = '0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7';
    const put = getContractAddress({ opcode: 'CREATE2', from, salt: `0x${'0'.repeat(64)}`, bytecode: bytecode as Words.Hex });
    expect(MultiSend.KNOWN[put.toLowerCase() as Words.Address]).toBe('MultiSendCallOnly 1.5.0');
    expect(Decode.decode(tx(put, 1)).warnings).toEqual([]);
  });

  it('shows unknown and broken calls of a batch without hiding the others', () => {
    const decoded = Decode.decode(MultiSend.encode([inner('0xdeadbeef'), inner(`${ltv}00`), inner(ltv), inner('0x')]));
    expect(decoded.calls.map(({ call }) => call?.function ?? null)).toEqual([null, null, 'setLTV', null]);
    expect(decoded.warnings).toEqual([
      expect.stringMatching(/Call 1 is not known: selector 0xdeadbeef/),
      expect.stringMatching(/Call 2 cannot be read/),
    ]);
  });

  it('stops at a depth and a number of calls', () => {
    let deep = ltv as Words.Hex;
    for (let level = 0; level < 9; level += 1) deep = MultiSend.encode([inner(deep)]);
    expect(Decode.allWarnings(Decode.decode(deep)).join()).toContain('deeper');
    const wide = MultiSend.encode(Array.from({ length: 1_100 }, () => inner('0xdeadbeef')));
    expect(Decode.decode(wide).warnings.join()).toContain('More than 1000 calls');
  });

  it('refuses a batch that is cut short, overlong or of an unknown operation', () => {
    const packed = (text: string): Words.Hex => `${MultiSend.SELECTOR}${Words.encode([Words.BYTES], [`0x${text}`]).slice(2)}` as Words.Hex;
    const call = `00${'a1'.repeat(20)}${'0'.repeat(64)}${'0'.repeat(63)}4aabbccdd`;
    expect(Decode.decode(packed(call)).calls).toHaveLength(1);
    for (const bad of [call.slice(2), call.slice(0, -2), `02${call.slice(2)}`, `${call}00`, `00${'a1'.repeat(20)}${'f'.repeat(128)}`]) {
      expect(() => Decode.decode(packed(bad))).toThrow(MultiSend.BadBatchError);
    }
  });

  it('refuses text that is no call data and selectors nobody knows', () => {
    for (const text of ['0x1', 'hello', '0xzz', '{"a":1}', '0xdeadbeef', '0x', '0x7d5e81e2']) {
      expect(() => Decode.decodeText(text)).toThrow(PlimsollError);
    }
  });

  it('throws nothing but listed errors on hostile bytes behind every known selector', () => {
    const selectors = functions.map(({ signature }) => signature.selector);
    fc.assert(
      fc.property(fc.constantFrom(...selectors), fc.uint8Array({ maxLength: 400 }), fc.boolean(), (selector, noise, whole) => {
        const bytes = whole
          ? noise.subarray(0, noise.length - (noise.length % 32)).map((byte, index) => (index % 32 < 28 ? 0 : byte % 4 === 0 ? byte : 0))
          : noise;
        try {
          Decode.decode(`${selector}${hex(bytes).slice(2)}` as Words.Hex);
        } catch (error) {
          expect(error).toBeInstanceOf(PlimsollError);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
