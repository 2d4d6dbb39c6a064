/**
 * Node: an EVM node as the rehearsal uses it: unlocked accounts, a receipt for every step, refusals that must happen and
 * are recorded with the contract's own reason, time that can be moved.
 */
import { setTimeout } from 'node:timers/promises';
import {
  type Client,
  createClient,
  decodeErrorResult,
  type Hex,
  http,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from 'viem';
import { call, getTransactionReceipt } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import * as Artifacts from './contracts/artifacts.ts';
import type { Execution } from './proposal.ts';

type Step = Execution['steps'][number];
export type Node = {
  readonly client: Client;
  readonly accounts: readonly Hex[];
  readonly steps: Step[];
  /** Sends from an unlocked account and keeps the receipt; `refused` steps must revert, all others must not. */
  send(step: string, from: Hex, to: Hex | null, data: Hex, expect?: 'refused'): Promise<TransactionReceipt>;
  waitSeconds(seconds: number): Promise<void>;
  /** From here on the node signs for this account too, and it can pay: for copies of a chain, whose keys nobody has. */
  unlock(account: Hex): Promise<void>;
};

export async function open(url: string, signal: AbortSignal, onStep: (step: string) => void = () => {}): Promise<Node> {
  const client = createClient({ cacheTime: 0, transport: http(url, { retryCount: 0, timeout: TIMEOUT_MS, fetchOptions: { signal } }) });
  const request = client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>;
  const accounts = (await request({ method: 'eth_accounts', params: [] })) as readonly Hex[];
  const steps: Step[] = [];

  const send: Node['send'] = async (step, from, to, data, expect) => {
    onStep(step);
    const reason = expect === undefined ? '' : await whyRefused(client, from, to, data);
    const transaction = { from, data, gas: GAS, ...(to === null ? {} : { to }) };
    const hash = (await request({ method: 'eth_sendTransaction', params: [transaction] })) as Hex;
    const receipt = await mined(client, hash, signal);
    const name = reason === '' ? step : `${step}: ${reason}`;
    steps.push({ step: name, transaction: hash, block: String(receipt.blockNumber), gasUsed: String(receipt.gasUsed) });
    if ((receipt.status === 'reverted') === (expect === 'refused')) return receipt;
    if (expect === 'refused') throw new NotRefusedError({ got: 'a transaction that went through', needed: 'a refusal', where: step });
    throw new RevertedError({
      got: await whyRefused(client, from, to, data),
      needed: 'a transaction that succeeds',
      where: step,
    });
  };
  const waitSeconds: Node['waitSeconds'] = async (seconds) => {
    await request({ method: 'evm_increaseTime', params: [seconds] });
    await request({ method: 'evm_mine', params: [] });
  };
  const unlock: Node['unlock'] = async (account) => {
    await request({ method: 'anvil_impersonateAccount', params: [account] });
    await request({ method: 'anvil_setBalance', params: [account, FUNDS] });
  };
  return { client, accounts, steps, send, waitSeconds, unlock };
}

/** The node mines as soon as it can, not before it answers. */
async function mined(client: Client, hash: Hex, signal: AbortSignal): Promise<TransactionReceipt> {
  for (;;) {
    try {
      return await getTransactionReceipt(client, { hash });
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
      await setTimeout(3, undefined, { signal });
    }
  }
}

/** The revert's name, whichever of the contracts on the way raised it. */
export async function whyRefused(client: Client, account: Hex, to: Hex | null, data: Hex): Promise<string> {
  try {
    await call(client, { account, data, ...(to === null ? {} : { to }) });
    return NO_REVERT;
  } catch (error) {
    const raw = revertData(error);
    if (raw === null) throw error;
    try {
      const { errorName, args } = decodeErrorResult({ abi: Artifacts.ERRORS, data: raw });
      // A reason in words (Aave's "20", a Safe's "GS026") says more than that it is one.
      return errorName === 'Error' && typeof args?.[0] === 'string' && args[0] !== '' ? args[0] : errorName;
    } catch {
      return raw;
    }
  }
}

export const NO_REVERT = 'no revert when asked again';

function revertData(error: unknown): Hex | null {
  for (let at = error as { data?: unknown; cause?: unknown } | undefined; at !== undefined && at !== null; at = at.cause as typeof at) {
    if (typeof at.data === 'string' && at.data.startsWith('0x')) return at.data as Hex;
  }
  return null;
}

/** Below the block limit of 30 million; given, so that a call that will revert is mined instead of refused by an estimate. */
const GAS = '0xe4e1c0';
/** Of one request; a machine may be busy. The whole has its own limit. */
const TIMEOUT_MS = 30_000;
/** 100 ether: gas of a rehearsal. */
const FUNDS = '0x56bc75e2d63100000';

export class NotRefusedError extends PlimsollError {
  override readonly name = 'Node.NotRefusedError';
}

export class RevertedError extends PlimsollError {
  override readonly name = 'Node.RevertedError';
}
