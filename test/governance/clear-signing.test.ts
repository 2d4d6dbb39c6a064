import { describe, expect, it } from 'vitest';
import * as ClearSigning from '../../governance/clear-signing.ts';
import * as Guard from '../../governance/guard.ts';

const DOMAIN = { chainId: 1, guard: `0x${'5f'.repeat(20)}` } as const;
const file = ClearSigning.ofGuard(DOMAIN, 'A protocol');
const [schema] = file.context.eip712.schemas;
const format = file.display.formats['Update']!;
type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

/** Every leaf of the message by the types alone. */
function leaves(types: Types, of: string, before = ''): readonly string[] {
  return types[of]!.flatMap(({ name, type }) => (type in types ? leaves(types, type, `${before}${name}.`) : [`${before}${name}`]));
}

/** A wallet, as small as one can be. */
function shown(message: unknown, { path, format: kind, params }: ClearSigning.Field): string {
  const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], message);
  if (value === undefined) throw new Error(`nothing at ${path}`);
  if (kind === 'date') return new Date(Number(value) * 1_000).toISOString();
  return kind === 'unit' ? `${Number(value) / 10 ** Number(params!['decimals'])}${params!['base']}` : String(value);
}

describe('an ERC-7730 file of a guard', () => {
  it('shows every field of the message once, and none that is not there', () => {
    const paths = format.fields.map(({ path }) => path);
    expect([...paths].sort()).toEqual([...leaves(schema!.types as unknown as Types, 'Update')].sort());
    expect(format.required).toEqual(paths);
    expect(new Set(format.fields.map(({ label }) => label)).size).toBe(paths.length);
    for (const { label } of format.fields) expect(label.length).toBeLessThanOrEqual(20);
  });

  it('is bound to one contract on one chain, by the domain that is signed', () => {
    const root = `0x${'e1'.repeat(32)}` as const;
    const values = Guard.byField((_, index) => [7_500n, 8_000n, 500n, 1_250_000n, 10n, 20n][index]!);
    const update: Guard.Update = {
      ...{ asset: root, from: values, to: { ...values, ltvBps: 7_550n }, price: 1n, evidenceRoot: root, evidenceTime: 1_700_000_000n },
      ...{ deadline: 1_700_086_400n, nonce: 3n, epoch: 1n, policyHash: root, maxNewlyLiquidatable: 2 },
    };
    const signed = Guard.typedData(update, DOMAIN);
    const { domain, deployments } = file.context.eip712;
    expect(signed.domain).toMatchObject(domain);
    expect(deployments).toEqual([{ chainId: signed.domain.chainId, address: signed.domain.verifyingContract }]);
    expect(schema!.primaryType).toBe(signed.primaryType);
    expect(schema!.types).toMatchObject(signed.types);
    const rows = Object.fromEntries(format.fields.map((field) => [field.label, shown(signed.message, field)]));
    expect(rows).toMatchObject({
      'LTV now': '75%',
      'LTV new': '75.5%',
      'Threshold new': '80%',
      'Bonus now': '5%',
      'Multiplier new': '1.25x',
      'Evidence of': '2023-11-14T22:13:20.000Z',
      'Void after': '2023-11-15T22:13:20.000Z',
      'Newly liquidatable': '2',
      'Evidence root': root,
    });
  });
});
