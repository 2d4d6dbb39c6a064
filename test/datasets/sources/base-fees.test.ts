import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSealed } from '../../../base/id.ts';
import * as BaseFees from '../../../datasets/sources/base-fees.ts';
import * as Chain from '../../../datasets/sources/chain.ts';
import * as StateFile from '../../../datasets/sources/state-file.ts';
import { ProtocolState } from '../../../datasets/state.ts';
import { congestionOf, stretchOf } from '../../../tuner/margin/predictive.ts';
import { plimsoll } from '../../api/command.ts';
import * as Book from '../../stress/fixture.ts';
import { type Ledger, ledger } from './ledger.ts';

const GWEI = 1e9;
const HOURS = 26;
/** Blocks of a minute: more than one answer holds. */
const BLOCK_SECONDS = 60;

describe('base fees of a chain', () => {
  let chain: Ledger;
  let young: Chain.At;
  let at: Chain.At;
  const mine = async (blocks: number, gwei: number) => {
    for (let block = 0; block < blocks; block += 1) {
      await chain.rpc('anvil_setNextBlockBaseFeePerGas', `0x${(gwei * GWEI).toString(16)}`);
      await chain.rpc('evm_increaseTime', BLOCK_SECONDS);
      await chain.rpc('evm_mine');
    }
  };
  beforeAll(async () => {
    chain = await ledger();
    await mine(30, 20);
    young = await Chain.at(chain.url);
    await mine(HOURS * 60 - 90, 20);
    await mine(60, 120);
    at = await Chain.at(chain.url);
  }, 90_000);
  afterAll(() => chain?.stop());

  it('gives one entry for five minutes, oldest first, and ends at the block', async () => {
    const fees = await BaseFees.readBaseFees(at, 25 * 3_600);
    expect(fees.endsAt).toBe(new Date(at.timeMs).toISOString());
    expect(Math.abs(fees.baseFeeGwei.length - 25 * 12)).toBeLessThanOrEqual(1);
    expect(fees.baseFeeGwei.slice(0, -13).every((gwei) => gwei === 20)).toBe(true);
    expect(fees.baseFeeGwei.slice(-11).every((gwei) => gwei === 120)).toBe(true);
  });

  it('is what a predictive margin reads congestion from', async () => {
    const congestion = congestionOf(await BaseFees.readBaseFees(at, 25 * 3_600), new Date(at.timeMs).toISOString());
    expect(congestion).toMatchObject({ says: 'known', timesUsual: 6 });
    expect(stretchOf(congestion)).toBe(3);
  });

  it('reads what there is of a young chain, which is then too short to know the usual', async () => {
    const fees = await BaseFees.readBaseFees(young, 48 * 3_600);
    expect(fees.baseFeeGwei.length).toBeLessThan(12);
    expect(congestionOf(fees, new Date(young.timeMs).toISOString()).says).toBe('congestion series too short');
  });

  it('becomes part of a book of the same chain, and of no other', async () => {
    const fees = await BaseFees.readBaseFees(at, 25 * 3_600);
    const book = Book.state([Book.asset('A00')], [], [], { chainId: at.chainId });
    const full = BaseFees.attach(book, fees, at);
    expect(isSealed(full)).toBe(true);
    expect(ProtocolState.safeParse(full).error).toBeUndefined();
    expect(full.id).not.toBe(book.id);
    expect(full.notes.at(-1)).toContain(`up to block ${at.block}`);
    expect(() => BaseFees.attach(Book.state([Book.asset('A00')], []), fees, at)).toThrow(BaseFees.OtherChainError);
  });

  it('is written into a book by `plimsoll state fees`', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fees-'));
    const [file, out] = [join(folder, 'book.json'), join(folder, 'full.json')];
    const asOf = new Date(at.timeMs).toISOString();
    const book = Book.state([Book.asset('A00')], [], [], { chainId: at.chainId, block: String(at.block), asOf });
    writeFileSync(file, StateFile.write(book));
    const said = await plimsoll(['state', 'fees', file, '--rpc', chain.url, '--hours', '25', '--out', out, '--json']);
    expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining('fees 6.00 times the usual') });
    const full = StateFile.parse(readFileSync(out, 'utf8'), out);
    expect(congestionOf(full.baseFees, full.asOf)).toMatchObject({ timesUsual: 6 });
    rmSync(folder, { recursive: true });
  });

  it('refuses blocks too fast to read', async () => {
    const fast = { ...at, timeMs: (await chain.client.getBlock({ blockNumber: at.block - 1_000n })).timestamp };
    await expect(BaseFees.readBaseFees({ ...at, timeMs: Number(fast.timeMs) * 1000 + 100_000 }, 48 * 3_600)).rejects.toThrow(
      BaseFees.TooManyBlocksError,
    );
  });

  it('says so where the node does not answer', async () => {
    const { client } = await Chain.at(chain.url);
    await expect(BaseFees.readBaseFees({ ...at, client, block: at.block + 5_000n }, 3_600)).rejects.toThrow(Chain.NodeError);
  });
});
