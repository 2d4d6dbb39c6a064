import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { toFunctionSelector } from 'viem';
import { describe, expect, it } from 'vitest';
import * as Governor from '../../governance/targets/governor.ts';
import * as Registry from '../../governance/targets/registry.ts';
import { ARTIFACTS, type Artifact, compile, ownSources } from '../../scripts/contracts.ts';

const committed = readdirSync(ARTIFACTS)
  .sort()
  .map((name) => JSON.parse(readFileSync(path.join(ARTIFACTS, name), 'utf8')) as Artifact);

const artifact = (name: string) => committed.find(({ contract }) => contract === name)!;

describe('contract artifacts', () => {
  it('are what the committed sources compile to, byte for byte', { timeout: 180_000 }, () => {
    const compiled = [...compile()].sort((a, b) => (a.contract < b.contract ? -1 : 1));
    expect(compiled).toEqual(committed);
  });

  it('fit into a block and onto a chain: below the limits of EIP-3860 and EIP-170', () => {
    for (const { bytecode, size } of committed) {
      expect((bytecode.length - 2) / 2).toBeLessThan(49_152);
      expect(size).toBeLessThanOrEqual(24_576);
    }
  });

  it('come from sources of fewer than 250 lines each', () => {
    for (const [name, text] of Object.entries(ownSources())) expect(`${name} ${text.split('\n').length < 250}`).toBe(`${name} true`);
  });

  it('know the functions, events and errors the targets call by the same names and types', () => {
    const governor = artifact('LoadLineGovernor');
    const registry = artifact('RiskParameterRegistry');
    expect(registry.selectors['update((bytes32,(uint16,uint16,uint16,uint32),(uint16,uint16,uint16,uint32))[],bytes32,uint64)']).toBe(
      Registry.UPDATE_SELECTOR.slice(2),
    );
    const named = Object.values(registry.selectors);
    for (const item of Registry.ABI) if (item.type === 'function') expect(named).toContain(toFunctionSelector(item).slice(2));
    const errors = (registry.abi as readonly { type: string; name: string }[])
      .filter(({ type }) => type === 'error')
      .map(({ name }) => name);
    for (const item of Registry.ABI) if (item.type === 'error') expect(errors).toContain(item.name);
    for (const item of Governor.ABI)
      if (item.type === 'function') expect(Object.values(governor.selectors)).toContain(toFunctionSelector(item).slice(2));
    const known = Object.values(governor.selectors);
    for (const selector of Governor.TABLE.keys()) expect(known).toContain(selector.slice(2));
    for (const selector of Registry.TABLE.keys()) expect(named).toContain(selector.slice(2));
  });
});
