import fc from 'fast-check';
import { type AbiFunction, type AbiParameter, type Hex, hashTypedData, pad, toFunctionSelector, toHex, zeroAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import * as Artifacts from '../../../governance/contracts/artifacts.ts';
import * as Guard from '../../../governance/guard.ts';
import { ABI, MARKET_ABI } from '../../../governance/guard-abi.ts';
import * as GuardDeploy from '../../../governance/guard-deploy.ts';

const GUARD = '0x00000000000000000000000000000000000000aA';
const DEPLOYER = '0x00000000000000000000000000000000000000d1';

const bytes32 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value): Hex => pad(toHex(value), { size: 32 }));
const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: 2n ** bits - 1n });
const values = fc.record({
  ltvBps: uint(16n),
  thresholdBps: uint(16n),
  bonusBps: uint(16n),
  multiplierPpm: uint(32n),
  supplyCapTokens: uint(64n),
  borrowCapTokens: uint(64n),
});
const update: fc.Arbitrary<Guard.Update> = fc.record({
  asset: bytes32,
  from: values,
  to: values,
  price: uint(128n),
  evidenceRoot: bytes32,
  evidenceTime: uint(64n),
  deadline: uint(64n),
  nonce: uint(64n),
  epoch: uint(64n),
  policyHash: bytes32,
  maxNewlyLiquidatable: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

describe('an update', () => {
  it('has one digest, whoever computes it', () => {
    fc.assert(
      fc.property(update, fc.integer({ min: 1, max: 2 ** 31 }), (one, chainId) => {
        const domain = { chainId, guard: GUARD } as const;
        expect(Guard.digestTwin(one, domain).digest).toBe(hashTypedData(Guard.typedData(one, domain)));
        expect(Guard.digest(one, domain)).toBe(Guard.digestTwin(one, domain).digest);
      }),
      { numRuns: 200 },
    );
  });

  it('is submitted with its attestors ascending, in whatever order they signed', () => {
    const [one] = fc.sample(update, { seed: 1, numRuns: 1 }) as [Guard.Update];
    const by = (signer: string) => ({ signer: pad(signer as Hex, { size: 20 }), signature: '0x' as const });
    expect(Guard.submitData(one, [by('0x3'), by('0x1'), by('0x2')])).toBe(Guard.submitData(one, [by('0x1'), by('0x2'), by('0x3')]));
  });
});

describe('the guard’s interface', () => {
  it('is that of the artifact, for every function that is called', () => {
    const ofArtifact = (artifact: Artifacts.Deployable) =>
      artifact.abi.filter((item): item is AbiFunction => item.type === 'function').map((item) => shape(item));
    for (const item of ABI) if (item.type === 'function') expect(ofArtifact(Artifacts.GUARD)).toContain(shape(item));
    for (const market of [Artifacts.AAVE_MARKET, Artifacts.REGISTRY_MARKET]) {
      // The registry prices nothing, so its price is pure; the selector is the same.
      const selectors = market.abi.filter((item): item is AbiFunction => item.type === 'function').map((item) => toFunctionSelector(item));
      for (const item of MARKET_ABI) expect(selectors).toContain(toFunctionSelector(item));
    }
  });

  it('knows every error it can raise, once', () => {
    const names = Artifacts.ERRORS.map((item) => ('name' in item ? item.name : ''));
    for (const name of ['BudgetSpent', 'BadPolicy', 'UpdatePending', 'OnlyGuard', 'StateMoved']) expect(names).toContain(name);
    const text = Artifacts.ERRORS.map((item) => JSON.stringify(item));
    expect(new Set(text).size).toBe(text.length);
  });
});

describe('a deployment', () => {
  const plan: GuardDeploy.Plan = {
    market: { kind: 'registry', registry: '0x00000000000000000000000000000000000000b1' },
    timelock: '0x00000000000000000000000000000000000000b2',
    guardian: '0x00000000000000000000000000000000000000b3',
    attestors: ['0x00000000000000000000000000000000000000c2', '0x00000000000000000000000000000000000000c1'],
    quorum: 2,
    sequencer: null,
  };

  it('is four creations whose addresses are known before', () => {
    const { guard, market, creations } = GuardDeploy.plan(plan, DEPLOYER, 7n);
    expect(creations.map(({ what }) => what)).toEqual(['Limits', 'Policies', 'adapter (registry)', 'RiskGuard']);
    expect(creations.map(({ address }) => address)).toEqual([creations[0]!.address, creations[1]!.address, market, guard]);
    expect(new Set(creations.map(({ address }) => address)).size).toBe(4);
    expect(creations[3]!.data).toContain(creations[0]!.address.slice(2).toLowerCase());
    expect(creations[3]!.data).toContain(creations[1]!.address.slice(2).toLowerCase());
    expect(creations[3]!.data).not.toContain('$');
    expect(creations[2]!.data).toContain(guard.slice(2).toLowerCase());
    expect(GuardDeploy.plan(plan, DEPLOYER, 8n).guard).not.toBe(guard);
  });

  it('needs the address of every library', () => {
    expect(() => Artifacts.link(Artifacts.GUARD, { Limits: zeroAddress })).toThrow(/no address of Policies/);
  });
});

function shape({ name, inputs, outputs, stateMutability }: AbiFunction): string {
  return `${name}(${inputs.map(typeOf)}) ${stateMutability} (${outputs.map(typeOf)})`;
}

function typeOf(item: AbiParameter): string {
  return 'components' in item ? `(${item.components.map(typeOf)})${item.type.replace('tuple', '')}` : item.type;
}
