/**
 * Changes: what a transaction did to a chain's state, by the node's own trace, and which storage a reader looks at.
 *
 * Together they say whether a change is one that somebody would see: a slot that was written and that no reader looks at is a change
 * nobody asked for, whatever the call was named.
 */
import { type Client, createClient, custom, type Hex } from 'viem';
import { getBlock, getTransactionReceipt } from 'viem/actions';

export type Write = { readonly contract: Hex; readonly slot: Hex; readonly before: Hex; readonly after: Hex };
export type Changes = {
  readonly writes: readonly Write[];
  /** Contracts created, destroyed or given other code. */
  readonly codes: readonly Hex[];
  /** Whose ether is more or less, besides whoever paid for the gas and whoever was paid for the block. */
  readonly balances: readonly Hex[];
};
/** Slots by contract, both lower case and whole. A contract whose code ran stands in it even where no slot was read. */
export type Touched = ReadonlyMap<Hex, ReadonlySet<Hex>>;

/** By `debug_traceTransaction` with the prestate tracer in difference mode, as geth, reth and anvil have it. */
export async function ofTransaction(client: Client, hash: Hex): Promise<Changes> {
  const options = { tracer: 'prestateTracer', tracerConfig: { diffMode: true } };
  const { pre, post } = (await ask(client, 'debug_traceTransaction', [hash, options])) as Difference;
  const { from, blockHash } = await getTransactionReceipt(client, { hash });
  const { miner } = await getBlock(client, { blockHash });
  const paid = [from, miner].map((account) => account.toLowerCase());
  const accounts = [...new Set([...Object.keys(pre), ...Object.keys(post)])].sort() as Hex[];
  const writes = accounts.flatMap((contract) => {
    const [before, after] = [pre[contract]?.storage ?? {}, post[contract]?.storage ?? {}];
    const slots = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort() as Hex[];
    // A slot that holds nothing stands on neither side.
    return slots
      .map((slot) => ({
        contract: lower(contract),
        slot: word(slot),
        before: word(before[slot] ?? '0x0'),
        after: word(after[slot] ?? '0x0'),
      }))
      .filter((write) => write.before !== write.after);
  });
  // Of an account that only changed, `post` holds what is new and nothing else; of one that is gone, nothing at all.
  const codes = accounts.filter((account) => post[account]?.code !== undefined || (post[account] === undefined && pre[account]?.code));
  const balances = accounts.filter((account) => post[account]?.balance !== undefined && !paid.includes(account.toLowerCase()));
  return { writes, codes: codes.map(lower), balances: balances.map(lower) };
}

/** Several transactions as one: the first value before, the last after; what is back where it was is no change. */
export function together(all: readonly Changes[]): Changes {
  const writes = new Map<string, Write>();
  for (const write of all.flatMap((one) => one.writes)) {
    const key = `${write.contract} ${write.slot}`;
    writes.set(key, { ...write, before: writes.get(key)?.before ?? write.before });
  }
  return {
    writes: [...writes.values()].filter(({ before, after }) => before !== after),
    codes: [...new Set(all.flatMap(({ codes }) => codes))],
    balances: [...new Set(all.flatMap(({ balances }) => balances))],
  };
}

/** Reads, and says where it looked: every call is put to the node once more for its access list. */
export async function watching<T>(
  client: Client,
  read: (client: Client) => Promise<T>,
): Promise<{ readonly value: T; readonly touched: Touched }> {
  const touched = new Map<Hex, Set<Hex>>();
  const request = async ({ method, params }: { readonly method: string; readonly params?: unknown }): Promise<unknown> => {
    if (method === 'eth_call') {
      const [transaction, block] = params as readonly [unknown, unknown];
      const { accessList } = (await ask(client, 'eth_createAccessList', [transaction, block ?? 'latest'])) as {
        readonly accessList: AccessList;
      };
      // The contract that is called may be missing from its own list.
      for (const { address, storageKeys } of [{ address: (transaction as { to: Hex }).to, storageKeys: [] }, ...accessList]) {
        const slots = touched.get(lower(address)) ?? new Set();
        for (const slot of storageKeys) slots.add(word(slot));
        touched.set(lower(address), slots);
      }
    }
    return await ask(client, method, (params ?? []) as readonly unknown[]);
  };
  return { value: await read(createClient({ cacheTime: 0, transport: custom({ request }, { retryCount: 0 }) })), touched };
}

type Account = { readonly balance?: Hex; readonly code?: Hex; readonly storage?: Readonly<Record<Hex, Hex>> };
type Difference = { readonly pre: Readonly<Record<Hex, Account>>; readonly post: Readonly<Record<Hex, Account>> };
type AccessList = readonly { readonly address: Hex; readonly storageKeys: readonly Hex[] }[];

async function ask(client: Client, method: string, params: readonly unknown[]): Promise<unknown> {
  return await (client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>)({ method, params });
}

function word(value: Hex): Hex {
  return `0x${value.slice(2).toLowerCase().padStart(64, '0')}`;
}

function lower(address: Hex): Hex {
  return address.toLowerCase() as Hex;
}
