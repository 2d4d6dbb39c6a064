/** `plimsoll simulate`, `signatures` and `review` as people use them: files and a node. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import type * as Desk from '../../governance/review-desk.ts';
import * as SafeSignature from '../../governance/safe-signature.ts';
import * as Safe from '../../governance/targets/safe.ts';
import { DELAY_SECONDS, drafted, OWNERS, type Stand, stand } from '../governance/aave-safe.ts';
import { type Person, people, signed } from '../governance/people.ts';
import * as Safes from '../governance/safes.ts';

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
  }, 120_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await at.chain.stop();
  });

  const simulate = (...args: readonly string[]) => cli('simulate', ...args);
  const signatures = (...args: readonly string[]) => cli('signatures', ...args);

  it('shows what changed on the copy, and refuses bad files and the wrong chain', { timeout: 120_000 }, async () => {
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

  it('prints what to sign, and counts, checks and packs what came back', { timeout: 120_000 }, async () => {
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

  it('is reviewed, signed, sent and verified on files alone', { timeout: 180_000 }, async () => {
    const [drafter, ann, bob] = people as [Person, Person, Person];
    const review = (...args: readonly string[]) => cli('review', ...args);
    const rpc = ['--rpc', at.chain.url];
    const now = async () => ['--now', new Date(Number((await at.chain.client.getBlock()).timestamp) * 1000).toISOString()];
    const proposal = await drafted(at.chain, at.throughTimelock, MOVES);
    const [venue, good, log] = [file('v.json', at.throughTimelock), file('p.json', proposal), join(folder, 'review.jsonl')];
    const rehearsed = await simulate(good, '--venue', venue, ...rpc, '--json');
    const execution = join(folder, 'e.json');
    writeFileSync(execution, rehearsed.stdout);
    const committee = {
      ...{ chainId: 31_337, drafters: [drafter.address], reviewers: [ann.address, bob.address], approvals: 2 },
      safe: { address: at.safe.address, version: '1.5.0', owners: OWNERS.map(({ address }) => address), threshold: 2 },
    };
    const other = file('c1.json', { ...committee, safe: { ...committee.safe, address: at.timelock.address } });
    expect((await review('draft', good, log, '--committee', other, ...(await now()))).stderr).toContain('Desk.OtherSafeError');
    const begun = await review('draft', good, log, '--committee', file('c.json', committee), '--execution', execution, ...(await now()));
    expect([begun.code, begun.stderr]).toEqual([0, expect.stringContaining('draft, check, simulate')]);
    const step = async (by: Person, action: 'open' | 'approve') => {
      const asked = await review('ask', log, action, ...(await now()));
      const signature = await signed(by, JSON.parse(asked.stdout) as Desk.Asked);
      const given = ['--by', by.address, '--signature', signature, ...(await now())];
      return (await review('add', log, file('asked.json', JSON.parse(asked.stdout)), ...given)).stdout.trim();
    };
    expect([await step(drafter, 'open'), await step(ann, 'approve'), await step(bob, 'approve')]).toEqual([
      'in-review',
      'in-review',
      'approved',
    ]);

    const sign = async (...by: readonly number[]) => {
      const domain = { chainId: 31_337, safe: at.safe.address, version: proposal.safe!.version };
      const names = by.map(async (n) =>
        file(`${n}.json`, { by: 'account', signature: await Safes.sign(Safes.key(n), proposal.safe!.tx, domain) }),
      );
      return await review('sign', log, good, ...(await Promise.all(names)), ...rpc, ...(await now()));
    };
    expect(await sign(1, 9)).toMatchObject({ code: 3, stdout: 'approved\n', stderr: expect.stringContaining('stranger') });
    expect(await sign(3, 1)).toMatchObject({ code: 0, stdout: 'signed\n' });

    const send = async (to: Hex, data: Hex) =>
      (await at.chain.rpc('eth_sendTransaction', { from: at.chain.accounts[6], to, data, gas: '0x4c4b40' })) as Hex;
    const parts = await Promise.all(
      [1, 3].map(async (n) => {
        const domain = { chainId: 31_337, safe: at.safe.address, version: proposal.safe!.version };
        const bytes = await Safes.sign(Safes.key(n), proposal.safe!.tx, domain);
        return { owner: Safes.key(n).address, kind: 'account' as const, bytes };
      }),
    );
    const scheduled = await send(at.safe.address, Safe.execData(proposal.safe!.tx, SafeSignature.pack(parts)));
    await at.chain.receipt(scheduled);
    const sent = async (action: string, hash: Hex) => (await review('sent', log, action, hash, ...rpc, ...(await now()))).stdout.trim();
    expect([await sent('submit', scheduled), await sent('queue', scheduled)]).toEqual(['submitted', 'queued']);
    const verify = async () => await review('verify', log, good, '--venue', venue, ...rpc, ...(await now()));
    expect(await verify()).toMatchObject({ code: 4, stderr: expect.stringContaining('WETH.ltv: wanted 8000, holds 8050') });
    // Too early: mined and reverted, so it is no step.
    const early = await send(proposal.later!.submit.to, proposal.later!.submit.data);
    await at.chain.receipt(early);
    expect((await review('sent', log, 'execute', early, ...rpc, ...(await now()))).stderr).toContain('ReviewChain.NotOnChainError');
    await at.chain.rpc('evm_increaseTime', DELAY_SECONDS);
    await at.chain.rpc('evm_mine');
    const executed = await send(proposal.later!.submit.to, proposal.later!.submit.data);
    await at.chain.receipt(executed);
    expect(await sent('execute', executed)).toBe('executed');
    expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verified: 33 values read back at block \d+\n$/) });
    expect((await review('show', log, ...rpc)).stdout).toContain('next: nothing, it has ended');

    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const forged = lines.map((line) => line.replace(parts[0]!.bytes, parts[1]!.bytes));
    writeFileSync(log, forged.join('\n'));
    expect((await review('show', log, ...rpc)).stderr).toContain('ReviewSigning.NotSignedError');
  });
});
