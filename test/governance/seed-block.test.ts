/** The block that seeds a run, on a real node: the first at or after as-of, and what `verify` says of one that is not. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getBlock } from 'viem/actions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson, seal } from '../../base/id.ts';
import { type Anvil, startAnvil } from '../../governance/anvil.ts';
import { clientAt } from '../../governance/chain.ts';
import { read, type SeedBlock, seedOf } from '../../governance/seed-block.ts';
import { plimsoll } from '../api/command.ts';

const GENESIS = Date.parse('2026-10-31T12:00:00Z') / 1000;
const BLOCKS = 300;
/** Built-in market and book end here. */
const AS_OF = '2026-11-01T00:00:00.000Z';
const SLOW = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'seed-block-'));
let anvil: Anvil;
const iso = (seconds: number) => new Date(1000 * seconds).toISOString();

beforeAll(async () => {
  anvil = await startAnvil({ chainId: 31_337, genesisSeconds: GENESIS });
  await clientAt(anvil.url).request({ method: 'anvil_mine' as never, params: [`0x${BLOCKS.toString(16)}`, '0x258'] as never });
});
afterAll(async () => {
  await anvil.stop();
  rmSync(folder, { recursive: true });
});

it('is the first final block at or after as-of, and none where there is none yet', async () => {
  const client = clientAt(anvil.url);
  const final = await getBlock(client, { blockTag: 'finalized' });
  const blocks = await Promise.all(
    Array.from({ length: Number(final.number) + 1 }, (_, i) => getBlock(client, { blockNumber: BigInt(i) })),
  );
  for (const seconds of [GENESIS - 5, GENESIS, GENESIS + 1, GENESIS + 90_000, GENESIS + 90_001, Number(final.timestamp)]) {
    const { number, hash } = blocks.find(({ timestamp }) => Number(timestamp) >= seconds)!;
    expect(await read(client, iso(seconds))).toMatchObject({ chainId: 31_337, number: Number(number), hash });
  }
  await expect(read(client, iso(Number(final.timestamp) + 1))).rejects.toMatchObject({ name: 'SeedBlock.NotFinalError' });
});

it('gives another seed for another hash or chain, all below 2^48', () => {
  const block: SeedBlock = { chainId: 1, number: 7, hash: `0x${'ab'.repeat(32)}`, timestampSeconds: 1 };
  const seeds = [block, { ...block, chainId: 2 }, { ...block, hash: `0x${'ba'.repeat(32)}` }].map(seedOf);
  expect(new Set(seeds).size).toBe(3);
  for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 48).toBe(true);
  // Its number says nothing new: the hash covers it.
  expect(seedOf({ ...block, number: 8 })).toBe(seeds[0]);
});

it('says of a node that is not there that it is not there, and not where', { timeout: SLOW }, async () => {
  const { code, stdout, stderr } = await plimsoll([
    'run',
    '--as-of',
    AS_OF,
    '--state',
    'x',
    '--seed-rpc',
    'http://127.0.0.1:1/secret',
    '--json',
  ]);
  expect([code, (JSON.parse(stdout) as { type: string }).type]).toEqual([1, 'Chain.NoAnswerError']);
  expect(stdout + stderr).not.toContain('secret');
});

it('seeds a run, and verify asks the chain for it again', { timeout: SLOW }, async () => {
  const quick = ['run', '--no-forecaster', '--no-rehearse', '--paths', '128'];
  const at = (name: string) => join(folder, name);
  await plimsoll([...quick, '--out', at('chosen')]);
  const alone = await plimsoll([...quick, '--seed-rpc', anvil.url, '--out', at('never')]);
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining('--as-of and --state')]);

  const seeded = ['--state', join(at('chosen'), 'state.json'), '--as-of', AS_OF, '--seed-rpc', anvil.url];
  const run = await plimsoll([...quick, ...seeded, '--out', at('seeded')]);
  expect(run.stderr).toMatch(/seed \d+ of block \d+, chain 31337/);
  const manifest = JSON.parse(readFileSync(join(at('seeded'), 'manifest.json'), 'utf8')) as {
    provenance: { seed: number; seedBlock: SeedBlock };
  };
  const block = await read(clientAt(anvil.url), AS_OF);
  expect(manifest.provenance).toMatchObject({ seed: seedOf(block), seedBlock: block });
  expect((await plimsoll(['verify', at('seeded'), '--seed-rpc', anvil.url])).stdout).toContain('Same bytes');

  // A chosen seed is no block's, and a block that is not the chain's is told though its hash gives the seed.
  const chosen = await plimsoll(['verify', at('chosen'), '--seed-rpc', anvil.url]);
  expect(chosen.code).not.toBe(0);
  expect(chosen.stderr).toContain('provenance.seedBlock');
  const forged = (name: string, provenance: object) => {
    cpSync(at('seeded'), at(name), { recursive: true });
    const { id: _id, ...rest } = manifest as typeof manifest & { id: string };
    writeFileSync(join(at(name), 'manifest.json'), canonicalJson(seal({ ...rest, provenance: { ...rest.provenance, ...provenance } })));
    return plimsoll(['verify', at(name), '--seed-rpc', anvil.url]);
  };
  expect((await forged('other-block', { seedBlock: { ...block, number: block.number - 1 } })).stderr).toContain('provenance.seedBlock');
  expect((await forged('other-seed', { seed: 1 })).stderr).toContain('provenance.seed');
  expect((await forged('other-hash', { seedBlock: { ...block, hash: `0x${'ab'.repeat(32)}` } })).stderr).toContain('provenance.seed');
});
