import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DidNotStartError, findAnvil, NotInstalledError, startAnvil } from '../../governance/anvil.ts';
import { draft } from '../../governance/draft.ts';
import { Execution, type Proposal } from '../../governance/proposal.ts';
import * as Simulate from '../../governance/simulate.ts';
import * as Registry from '../../governance/targets/registry.ts';
import { ROOT, recommendation, state } from './book.ts';

const target = Simulate.rehearsalTarget();
const book = state();
const drafted = draft(recommendation(book), book, target, ROOT) as Proposal;

async function answers(url: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
    () => true,
    () => false,
  );
}

describe('rehearsal on a real node', () => {
  it('proposes, votes, queues, is refused early, executes and reads every value back', { timeout: 30_000 }, async () => {
    const { execution } = await Simulate.rehearse({ proposal: drafted, state: book });
    expect(Execution.parse(execution)).toEqual(execution);
    expect(execution.ok).toBe(true);
    expect(execution.steps.map(({ step }) => step)).toEqual([
      'deploy token',
      'deploy timelock',
      'deploy governor',
      'deploy registry',
      'delegate',
      'delegate',
      'delegate',
      'update by an outsider, refused: OwnableUnauthorizedAccount',
      'propose',
      'vote for',
      'vote for',
      'queue',
      'execute before the delay is over, refused: TimelockUnexpectedOperationState',
      'execute',
      'execute a second time, refused: GovernorUnexpectedProposalState',
    ]);
    const changed = execution.readBack.filter(({ before, after }) => before !== after);
    expect(changed.map(({ asset, field, after }) => `${asset}.${field}=${after}`)).toEqual([
      'WBTC.haircutBps=2650',
      'WETH.haircutBps=2100',
      'WETH.marginMultiplierPpm=1250000',
    ]);
    expect(execution.readBack).toHaveLength(book.assets.length * Registry.FIELDS.length);
  });

  it('refuses bytes or text that are not those of the reviewed id', { timeout: 30_000 }, async () => {
    const call = drafted.calls[0]!;
    const other = { ...call, data: call.data.replace(/0834/, '0833') as typeof call.data };
    expect(other.data).not.toBe(call.data);
    await expect(Simulate.rehearse({ proposal: { ...drafted, calls: [other] }, state: book })).rejects.toThrow(Simulate.TamperedError);
    const text = drafted.description.replace('21.00 %', '20.00 %');
    await expect(Simulate.rehearse({ proposal: { ...drafted, description: text }, state: book })).rejects.toThrow(Simulate.TamperedError);
  });

  it('fails where the chain holds other values than the proposal starts from', { timeout: 30_000 }, async () => {
    const assets = book.assets.map((item) =>
      item.asset === 'WETH' ? { ...item, parameters: { ...item.parameters, haircutBps: 2_000 } } : item,
    );
    const moved = Simulate.rehearse({ proposal: drafted, state: { ...book, assets } });
    await expect(moved).rejects.toMatchObject({ name: 'Node.RevertedError', facts: { got: 'StateMoved', where: 'execute' } });
  });

  it('sees a value that was not asked for', () => {
    const held = Object.fromEntries(book.assets.map(({ asset, parameters }) => [asset, Registry.valuesOf(parameters)]));
    const { changes } = Registry.decode(drafted.calls[0]!.data);
    const wanted = { ...held, ...Object.fromEntries(changes.map(({ asset, to }) => [asset, to])) };
    expect(Simulate.compare(held, changes, wanted).every(({ matches }) => matches)).toBe(true);
    const astray = { ...wanted, CRV: { ...wanted['CRV']!, liquidationBonusBps: 1 }, NEW: wanted['CRV']! };
    const mismatches = Simulate.compare(held, changes, astray).filter(({ matches }) => !matches);
    expect(mismatches.map(({ asset, field }) => `${asset}.${field}`)).toEqual([
      'CRV.liquidationBonusBps',
      ...Registry.FIELDS.map((field) => `NEW.${field}`),
    ]);
    expect(Simulate.compare(held, changes, held).filter(({ matches }) => !matches)).toHaveLength(3);
  });

  it('stops at once when aborted, and after its time', { timeout: 30_000 }, async () => {
    const controller = new AbortController();
    const aborted = Simulate.rehearse({
      proposal: drafted,
      state: book,
      signal: controller.signal,
      onStep: (step) => step === 'vote for' && controller.abort(new Error('Ctrl-C')),
    });
    await expect(aborted).rejects.toThrow('Ctrl-C');
    await expect(Simulate.rehearse({ proposal: drafted, state: book, signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    );
    await expect(Simulate.rehearse({ proposal: drafted, state: book, timeoutMs: 20 })).rejects.toThrow(Simulate.TimedOutError);
  });
});

describe('node', () => {
  it('says what to do where the binary is missing or does not start', async () => {
    expect(() => findAnvil('plan9', 'mips')).toThrow(NotInstalledError);
    const started = startAnvil({ chainId: 1, genesisSeconds: 0, binary: '/nonexistent/anvil' });
    await expect(started).rejects.toThrow(DidNotStartError);
  });

  it('does not outlive the process that started it, even killed', { timeout: 30_000 }, async () => {
    const file = fileURLToPath(new URL('../../governance/anvil.ts', import.meta.url));
    const script = `import { startAnvil } from ${JSON.stringify(file)};
      console.log((await startAnvil({ chainId: 1, genesisSeconds: 0 })).url);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    expect(await answers(url)).toBe(true);
    child.kill('SIGKILL');
    for (let tries = 0; tries < 100 && (await answers(url)); tries += 1) await setTimeout(50);
    expect(await answers(url)).toBe(false);
  });
});
