/**
 * Chain: reads of many contracts at one block, batched in single calls that need no helper contract on the chain.
 *
 * A call that the contract refuses is a value (`null`); a node that does not answer is an error: the two are never mistaken for
 * each other. Integers leave as bigint.
 */
import {
  type Abi,
  type BaseError,
  type Client,
  ContractFunctionExecutionError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  createClient,
  type Hex,
  HttpRequestError,
  http,
  TimeoutError,
} from 'viem';
import { getBlock, getChainId, multicall } from 'viem/actions';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Patient from './patient.ts';

/** Everything is read at this block: a book is of one moment or it is no book. */
export type At = {
  readonly client: Client;
  readonly chainId: number;
  readonly block: bigint;
  readonly timeMs: number;
  readonly signal?: AbortSignal;
};

export type Call = { readonly address: Hex; readonly abi: Abi; readonly functionName: string; readonly args?: readonly unknown[] };

/** Calls travel inside the creation code of a contract that is never deployed, answers as its code: at most 49,152 and 24,576 bytes. */
const BATCH = 60;
const MAX_BYTES = 10 * 1024 * 1024;

/** At a block, or at the newest. A block by number: on a chain that still reorganises, take one some blocks old. */
export async function at(rpcUrl: string, block?: bigint, options: Patient.PatientOptions = {}): Promise<At> {
  const { signal } = options;
  // Without `cacheTime: 0` the newest block is up to four seconds old, and so is all that is read at it. Times and tries are `Patient`'s.
  const transport = http(rpcUrl, { timeout: 0, retryCount: 0, maxResponseBodySize: MAX_BYTES, fetchFn: Patient.fetcher(options) });
  const client = createClient({ cacheTime: 0, transport });
  try {
    const [chainId, found] = await Promise.all([
      getChainId(client),
      getBlock(client, block === undefined ? { blockTag: 'latest' } : { blockNumber: block }),
    ]);
    return { client, chainId, block: found.number, timeMs: Number(found.timestamp) * 1000, ...(signal === undefined ? {} : { signal }) };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NodeError({
      got: reason(cause),
      needed: block === undefined ? 'the newest block' : `block ${block}`,
      where: hostOf(rpcUrl),
      cause,
    });
  }
}

/** One result a call, in order; null where the contract refuses. */
export async function readAll<T>(at: At, calls: readonly Call[]): Promise<readonly (T | null)[]> {
  const results: (T | null)[] = [];
  for (let start = 0; start < calls.length; start += BATCH) results.push(...(await readBatch<T>(at, calls.slice(start, start + BATCH))));
  return results;
}

/** A batch that the node refuses as a whole (too large an answer, too much gas) is asked in halves. */
async function readBatch<T>(at: At, calls: readonly Call[]): Promise<readonly (T | null)[]> {
  const contracts = calls as Parameters<typeof multicall>[1]['contracts'];
  const answers = await multicall(at.client, { contracts, allowFailure: true, deployless: true, blockNumber: at.block, batchSize: 0 });
  at.signal?.throwIfAborted();
  const fault = answers.find(({ status, error }, index) => status === 'failure' && !isRefusal(error, calls[index]!))?.error;
  if (fault === undefined) return answers.map((answer) => (answer.status === 'success' ? (answer.result as T) : null));
  if (!isAboutBatch(fault) || calls.length === 1) {
    throw new NodeError({
      got: reason(fault),
      needed: `an answer at block ${at.block}`,
      fix: isAboutBatch(fault)
        ? 'A node without an archive forgets blocks after minutes: give a newer --block, or a node with an archive.'
        : 'It did not answer after several tries: see that it runs, or give another.',
      cause: fault,
    });
  }
  const half = calls.length >> 1;
  return [...(await readBatch<T>(at, calls.slice(0, half))), ...(await readBatch<T>(at, calls.slice(half)))];
}

/** As `readAll`, where a refusal means that this is not the contract it was taken for. */
export async function readSure<T>(at: At, calls: readonly Call[]): Promise<readonly T[]> {
  const results = await readAll<T>(at, calls);
  return results.map((result, index) => {
    if (result !== null) return result;
    const { address, functionName } = calls[index]!;
    throw new ContractError({
      got: `no answer to ${functionName}`,
      needed: 'a contract with this function',
      where: `${address}, block ${at.block}`,
    });
  });
}

/** Raised by the contract that was called, not by the batch around it. */
function isRefusal(error: Error, { functionName }: Call): boolean {
  if (!(error instanceof ContractFunctionExecutionError) || error.functionName !== functionName) return false;
  return error.walk((cause) => cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError) !== null;
}

/** The node answered, and did not like the batch. */
function isAboutBatch(error: Error): boolean {
  return (
    !(error instanceof ContractFunctionExecutionError) ||
    error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError) === null
  );
}

function reason(cause: unknown): string {
  const short = (cause as Partial<BaseError>).shortMessage;
  return quote(short ?? (cause instanceof Error ? cause.message : String(cause)));
}

/** Addresses of nodes often hold keys. */
function hostOf(rpcUrl: string): string {
  return URL.canParse(rpcUrl) ? new URL(rpcUrl).host : 'the address of the node';
}

export class NodeError extends PlimsollError {
  override readonly name = 'Chain.NodeError';
}

export class ContractError extends PlimsollError {
  override readonly name = 'Chain.ContractError';
}
