/** `plimsoll simulate` as people use it: two files and a node. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import { drafted, type Stand, stand } from '../governance/aave-safe.ts';

const MOVES = { WETH: { haircutBps: 2_000 }, WBTC: { haircutBps: 2_650 } };

describe('plimsoll simulate', () => {
  let at: Stand;
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-simulate-'));
  const file = (name: string, value: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const cli = async (...args: readonly string[]) => {
    const said = { stdout: '', stderr: '' };
    const spies = (['stdout', 'stderr'] as const).map((stream) =>
      vi.spyOn(process[stream], 'write').mockImplementation((text) => {
        said[stream] += text;
        return true;
      }),
    );
    try {
      return { code: await main(['simulate', ...args]), ...said };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  };

  beforeAll(async () => {
    at = await stand();
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await at.chain.stop();
  });

  it('shows what changed on the copy, and refuses bad files and the wrong chain', { timeout: 60_000 }, async () => {
    const venue = file('venue.json', at.throughSafe);
    const proposal = await drafted(at.chain, at.throughSafe, MOVES);
    const good = file('proposal.json', proposal);
    const shown = await cli(good, '--venue', venue, '--rpc', at.chain.url);
    expect([shown.code, shown.stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^## On a copy of chain 31337 at block \d+: as asked$/),
    ]);
    expect(shown.stdout).toContain('| WETH.ltv | 8050 | 8000 | 8000 |');
    expect(shown.stderr).toContain('approval by the owner');
    const json = await cli(good, '--venue', venue, '--rpc', at.chain.url, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'venue-execution', ok: true, from: { proposal: proposal.id } });

    const changed = await cli(file('changed.json', { ...proposal, chainId: 1 }), '--venue', venue, '--rpc', at.chain.url);
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('content that does not hash to its id')]);
    expect((await cli(file('none.json', {}), '--venue', venue, '--rpc', at.chain.url)).stderr).toContain('VenueFile.BadVenueError');
    const mainnet = file('mainnet.json', { ...at.throughSafe, parameters: { ...at.parameters, chainId: 1 } });
    expect((await cli(good, '--venue', mainnet, '--rpc', at.chain.url)).stderr).toContain('a node of chain 31337');
    const direct = file('direct.json', at.direct(at.chain.accounts[0]!));
    expect((await cli(good, '--venue', direct, '--rpc', at.chain.url)).stderr).toContain('Rehearsal.OtherVenueError');
    expect((await cli(good, '--venue', venue, '--rpc', 'http://127.0.0.1:1')).code).toBe(1);
    expect((await cli(good, '--venue', venue, '--rpc', at.chain.url, '--signatures', '0x123')).stderr).toContain('whole bytes');
    // Of two signatures the contract needs, none: its own reason.
    expect((await cli(good, '--venue', venue, '--rpc', at.chain.url, '--signatures', '0x')).stderr).toContain('GS020');
    expect((await cli(good)).code).toBe(2);
  });
});
