/** A real chain on this machine with contracts as their makers compiled them, for readers to read. */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import {
  type Abi,
  type Chain,
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  type PublicClient,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from 'viem';
import { startAnvil } from '../../../governance/anvil.ts';

export type Artifact = {
  readonly abi: Abi;
  readonly bytecode: string;
  readonly linkReferences: Readonly<
    Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
  >;
};

export type Contract = { readonly address: Hex; readonly abi: Abi };

export type Ledger = {
  readonly url: string;
  readonly accounts: readonly Hex[];
  readonly client: PublicClient;
  deploy(artifact: Artifact, args?: readonly unknown[], libraries?: Readonly<Record<string, Hex>>): Promise<Contract>;
  send(contract: Contract, functionName: string, args?: readonly unknown[], from?: Hex): Promise<TransactionReceipt>;
  read<T>(contract: Contract, functionName: string, args?: readonly unknown[]): Promise<T>;
  rpc(method: string, ...params: unknown[]): Promise<unknown>;
  /** Of a transaction that was sent, whether it succeeded or not. */
  receipt(hash: Hex): Promise<TransactionReceipt>;
  stop(): Promise<void>;
};

export const GENESIS_SECONDS = Date.UTC(2024, 0, 1) / 1000;
const CHAIN_ID = 31_337;

const require = createRequire(import.meta.url);

/** A contract as npm ships it: ABI and creation code. */
export function artifact(file: string): Artifact {
  return require(file) as Artifact;
}

export async function ledger(genesisSeconds = GENESIS_SECONDS): Promise<Ledger> {
  const anvil = await startAnvil({ chainId: CHAIN_ID, genesisSeconds });
  const chain: Chain = {
    id: CHAIN_ID,
    name: 'anvil',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [anvil.url] } },
  };
  const transport = http(anvil.url);
  const client = createPublicClient({ chain, transport, pollingInterval: 20 });
  const wallet = createWalletClient({ chain, transport });
  const accounts = await wallet.getAddresses();
  const owner = accounts[0]!;
  // Asked again and again: viem waits for a block that comes after the receipt was missing, and on an idle node none does.
  const receiptOf = async (hash: Hex): Promise<TransactionReceipt> => {
    for (;;) {
      try {
        return await client.getTransactionReceipt({ hash });
      } catch (error) {
        if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
        await setTimeout(5);
      }
    }
  };
  const mined = async (hash: Hex, what: string): Promise<TransactionReceipt> => {
    const receipt = await receiptOf(hash);
    if (receipt.status !== 'success') throw new Error(`${what} was reverted`);
    return receipt;
  };
  return {
    url: anvil.url,
    accounts,
    client,
    async deploy({ abi, bytecode, linkReferences }, args = [], libraries = {}) {
      const hash = await wallet.deployContract({
        abi,
        bytecode: linked(bytecode, linkReferences, libraries),
        args,
        account: owner,
        gas: 29_000_000n,
      });
      return { address: (await mined(hash, 'a deployment')).contractAddress!, abi };
    },
    async send({ address, abi }, functionName, args = [], from = owner) {
      const hash = await wallet.writeContract({ address, abi, functionName, args, account: from, gas: 20_000_000n });
      return await mined(hash, functionName);
    },
    read: <T>({ address, abi }: Contract, functionName: string, args: readonly unknown[] = []) =>
      client.readContract({ address, abi, functionName, args }) as Promise<T>,
    rpc: (method, ...params) => client.request({ method, params } as unknown as Parameters<PublicClient['request']>[0]),
    receipt: receiptOf,
    stop: anvil.stop,
  };
}

function linked(bytecode: string, references: Artifact['linkReferences'], libraries: Readonly<Record<string, Hex>>): Hex {
  let code = bytecode.replace(/^0x/, '');
  for (const file of Object.values(references ?? {})) {
    for (const [name, places] of Object.entries(file)) {
      const address = libraries[name]?.slice(2);
      if (address === undefined) throw new Error(`no library ${name}`);
      for (const { start, length } of places) code = code.slice(0, 2 * start) + address + code.slice(2 * (start + length));
    }
  }
  return `0x${code}`;
}
