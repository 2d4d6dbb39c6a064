/** `plimsoll simulate` and `plimsoll signatures` as people use them: files and a node. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import { drafted, OWNERS, type Stand, stand } from '../governance/aave-safe.ts';

const MOVES = { WETH: { haircutBps: 2_000 }, WBTC: { haircutBps: 2_650 } };

describe('a drafted proposal on the command line', () => {
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
      return { code: await main(args), ...said };
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

  const simulate = (...args: readonly string[]) => cli('simulate', ...args);
  const signatures = (...args: readonly string[]) => cli('signatures', ...args);

  it('shows what changed on the copy, and refuses bad files and the wrong chain', { timeout: 60_000 }, async () => {
    const venue = file('venue.json', at.throughSafe);
    const proposal = await drafted(at.chain, at.throughSafe, MOVES);
    const good = file('proposal.json', proposal);
    const shown = await simulate(good, '--venue', venue, '--rpc', at.chain.url);
    expect([shown.code, shown.stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^## On a copy of chain 31337 at block \d+: as asked$/),
    ]);
    expect(shown.stdout).toContain('| WETH.ltv | 8050 | 8000 | 8000 |');
    expect(shown.stderr).toContain('approval by the owner');
    const json = await simulate(good, '--venue', venue, '--rpc', at.chain.url, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'venue-execution', ok: true, from: { proposal: proposal.id } });

    const changed = await simulate(file('changed.json', { ...proposal, chainId: 1 }), '--venue', venue, '--rpc', at.chain.url);
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('content that does not hash to its id')]);
    expect((await simulate(file('none.json', {}), '--venue', venue, '--rpc', at.chain.url)).stderr).toContain('VenueFile.BadVenueError');
    const mainnet = file('mainnet.json', { ...at.throughSafe, parameters: { ...at.parameters, chainId: 1 } });
    expect((await simulate(good, '--venue', mainnet, '--rpc', at.chain.url)).stderr).toContain('a node of chain 31337');
    const direct = file('direct.json', at.direct(at.chain.accounts[0]!));
    expect((await simulate(good, '--venue', direct, '--rpc', at.chain.url)).stderr).toContain('Rehearsal.OtherVenueError');
    expect((await simulate(good, '--venue', venue, '--rpc', 'http://127.0.0.1:1')).code).toBe(1);
    expect((await simulate(good, '--venue', venue, '--rpc', at.chain.url, '--signatures', '0x123')).stderr).toContain('whole bytes');
    // Of two signatures the contract needs, none: its own reason.
    expect((await simulate(good, '--venue', venue, '--rpc', at.chain.url, '--signatures', '0x')).stderr).toContain('GS020');
    expect((await simulate(good)).code).toBe(2);
  });

  it('prints what to sign, and counts, checks and packs what came back', { timeout: 60_000 }, async () => {
    const proposal = await drafted(at.chain, at.throughSafe, MOVES);
    const good = file('signed.json', proposal);
    const now = ['--now', '2023-11-01T00:00:00Z'];
    const asked = await signatures(good, '--ask');
    expect(asked.stderr).toContain(`hash ${proposal.safe!.hash}`);
    const typed = JSON.parse(asked.stdout) as Parameters<(typeof OWNERS)[0]['signTypedData']>[0];
    expect(typed).toMatchObject({ primaryType: 'SafeTx', types: { EIP712Domain: [{ name: 'chainId' }, { name: 'verifyingContract' }] } });
    const [anna, ben] = await Promise.all(OWNERS.slice(0, 2).map((owner) => owner.signTypedData(typed)));
    const files = [file('anna.json', { by: 'account', signature: anna, nonce: 0 }), join(folder, 'ben.sig')];
    writeFileSync(files[1]!, `${ben}\n`);

    const one = await signatures(good, files[0]!, '--rpc', at.chain.url, ...now);
    expect([one.code, one.stdout]).toEqual([3, expect.stringContaining('1 of 2 signatures')]);
    const twice = await signatures(good, files[0]!, files[0]!, '--rpc', at.chain.url, ...now);
    expect([twice.code, twice.stdout]).toEqual([3, expect.stringContaining('duplicate')]);
    const out = join(folder, 'exec.hex');
    const both = await signatures(good, ...files, '--rpc', at.chain.url, '--out', out, '--json', ...now);
    const { packed, execData } = JSON.parse(both.stdout) as { packed: string; execData: string };
    expect([both.code, readFileSync(out, 'utf8').trim()]).toEqual([0, execData]);
    const venue = file('venue-signed.json', at.throughSafe);
    expect((await simulate(good, '--venue', venue, '--rpc', at.chain.url, '--signatures', packed)).code).toBe(0);

    const owners = ['--owners', OWNERS.map(({ address }) => address).join(','), '--threshold', '2'];
    const offline = await signatures(good, ...files, ...owners, ...now);
    expect([offline.code, offline.stdout]).toEqual([0, expect.stringContaining('Only with --rpc is the Safe itself asked')]);
    expect((await signatures(good, ...files, ...now)).stderr).toContain('to know who may sign');
    expect((await signatures(good, ...files, '--rpc', at.chain.url)).stderr).toContain('expired at 2023-11-07');
    expect((await signatures(good, venue, '--rpc', at.chain.url, ...now)).stderr).toContain('SignatureFile.BadFileError');
    expect((await signatures(good, '--ask', at.safe.address)).stderr).toContain('--ask of a Safe without --rpc');
    const direct = file('unsigned.json', await drafted(at.chain, at.direct(at.chain.accounts[0]!), MOVES));
    expect((await signatures(direct, ...now)).stderr).toContain('one that owners of a Safe sign');
  });
});
