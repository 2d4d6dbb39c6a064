/** Real Safes, as their makers compiled them: singleton, proxy factory, fallback handler, batch contract; owners with keys of this test. */
import { encodeFunctionData, type Hex, pad, parseEventLogs, toHex, zeroAddress } from 'viem';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import * as SafeHash from '../../governance/safe-hash.ts';
import type { SafeTx } from '../../governance/targets/safe.ts';
import { artifact, type Contract, type Ledger } from '../datasets/sources/ledger.ts';

export type Makers = { readonly singleton: Contract; readonly factory: Contract; readonly handler: Contract; readonly multiSend: Contract };

/** The n-th key of this test; the same in every run. */
export function key(n: number): PrivateKeyAccount {
  return privateKeyToAccount(pad(toHex(0x5afe00 + n), { size: 32 }));
}

export async function makers(chain: Ledger): Promise<Makers> {
  return {
    singleton: await chain.deploy(made('Safe')),
    factory: await chain.deploy(made('proxies/SafeProxyFactory')),
    handler: await chain.deploy(made('handler/CompatibilityFallbackHandler')),
    multiSend: await chain.deploy(made('libraries/MultiSendCallOnly')),
  };
}

/** A proxy of the singleton, set up in the transaction that creates it. */
export async function create(chain: Ledger, { singleton, factory, handler }: Makers, owners: readonly Hex[], threshold: number, salt = 0n) {
  const args = [owners, BigInt(threshold), zeroAddress, '0x', handler.address, zeroAddress, 0n, zeroAddress] as const;
  const setup = encodeFunctionData({ abi: singleton.abi, functionName: 'setup', args });
  const { logs } = await chain.send(factory, 'createProxyWithNonce', [singleton.address, setup, salt]);
  const [created] = parseEventLogs({ abi: factory.abi, logs, eventName: 'ProxyCreation' }) as unknown as { args: { proxy: Hex } }[];
  return { address: created!.args.proxy, abi: singleton.abi };
}

export function sign(account: PrivateKeyAccount, tx: SafeTx, domain: SafeHash.SafeDomain): Promise<Hex> {
  return account.signTypedData(SafeHash.typedData(tx, domain));
}

function made(file: string) {
  return artifact(`@safe-global/safe-smart-account/build/artifacts/contracts/${file}.sol/${file.split('/').at(-1)}.json`);
}
