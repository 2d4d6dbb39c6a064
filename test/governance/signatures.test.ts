import * as fc from 'fast-check';
import { encodeFunctionData, type Hex, hashMessage, pad, parseAbi } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as ContractSignature from '../../governance/contract-signature.ts';
import * as Node from '../../governance/node.ts';
import * as SafeHash from '../../governance/safe-hash.ts';
import * as SafeSignature from '../../governance/safe-signature.ts';
import { BadFileError, read, type SignatureFile } from '../../governance/signature-file.ts';
import * as Signatures from '../../governance/signatures.ts';
import * as Safe from '../../governance/targets/safe.ts';
import { type Contract, type Ledger, ledger } from '../datasets/sources/ledger.ts';
import * as Safes from './safes.ts';

const [anna, ben, carla, stranger, dora, emil] = [1, 2, 3, 4, 5, 6].map(Safes.key) as [
  PrivateKeyAccount,
  PrivateKeyAccount,
  PrivateKeyAccount,
  PrivateKeyAccount,
  PrivateKeyAccount,
  PrivateKeyAccount,
];
const CHAIN_ID = 31_337;

describe('signatures that the real Safe takes', () => {
  let chain: Ledger;
  let safe: Contract;
  let inner: Contract;
  let asked: Signatures.Asked;
  let holder: Safe.Safe;
  let hashes: SafeHash.SafeHashes;

  beforeAll(async () => {
    chain = await ledger();
    const makers = await Safes.makers(chain);
    inner = await Safes.create(
      chain,
      makers,
      [dora, emil].map(({ address }) => address),
      2,
    );
    safe = await Safes.create(chain, makers, [anna.address, ben.address, carla.address, inner.address], 2, 1n);
    holder = await Safe.read(chain.client, safe.address);
    // A call that does nothing: the Safe to itself, as wallets use to free a nonce.
    const nothing = { to: safe.address, data: '0x', valueWei: '0', operation: 'call' } as const;
    const tx = Safe.encode({ route: 'safe', safe: safe.address, multiSend: makers.multiSend.address }, [nothing], 0n);
    asked = { tx, domain: { chainId: CHAIN_ID, safe: safe.address, version: holder.version } };
    hashes = SafeHash.hashes(tx, asked.domain);
  });
  afterAll(() => chain.stop());

  const sign = (by: PrivateKeyAccount, tx: Partial<Safe.SafeTx> = {}, domain: Partial<SafeHash.SafeDomain> = {}): Promise<Hex> =>
    Safes.sign(by, { ...asked.tx, ...tx }, { ...asked.domain, ...domain });
  const collect = (...files: readonly (SignatureFile | Hex)[]) =>
    Signatures.collect(
      chain.client,
      asked,
      holder,
      files.map((file, index) => ({ from: `${index}`, file: typeof file === 'string' ? { by: 'account', signature: file } : file })),
    );
  /** The contract's own answer to the packed bytes: null where it executes. */
  const refusal = async (packed: Hex): Promise<string | null> => {
    const reason = await Node.whyRefused(chain.client, chain.accounts[8]!, safe.address, Safe.execData(asked.tx, packed));
    return reason === Node.NO_REVERT ? null : reason;
  };
  const reasons = async (...files: readonly (SignatureFile | Hex)[]) => (await collect(...files)).refused.map(({ reason }) => reason);

  it('packs accounts in any order and any of their forms, sorted by owner', async () => {
    const [a, c] = [await sign(anna), await sign(carla)];
    const prefixed = await carla.signMessage({ message: { raw: hashes.hash } });
    const asParity = (signature: Hex): Hex => `0x${signature.slice(2, 130)}${signature.endsWith('1b') ? '00' : '01'}`;
    const compact = (signature: Hex): Hex => {
      const s = BigInt(`0x${signature.slice(66, 130)}`) | (signature.endsWith('1c') ? 1n << 255n : 0n);
      return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, '0')}`;
    };
    const raised: Hex = `0x${prefixed.slice(2, 130)}${(Number.parseInt(prefixed.slice(130), 16) + 4).toString(16)}`;
    for (const [one, two, kind] of [
      [a, c, 'account'],
      [c, a, 'account'],
      [asParity(c), asParity(a), 'account'],
      [compact(c), compact(a), 'account'],
      [prefixed, a, 'eth-sign'],
      [raised, a, 'eth-sign'],
    ] as const) {
      const { accepted, packed, missing, refused } = await collect(one, two);
      expect([missing, refused, accepted.find(({ owner }) => owner === carla.address)?.kind]).toEqual([0, [], kind]);
      const owners = accepted.map(({ owner }) => owner.toLowerCase());
      expect(owners).toEqual([...owners].sort());
      expect(await refusal(packed!)).toBeNull();
    }
    // As the parity was given it would be read as a contract's.
    expect(await refusal(SafeSignature.pack([{ owner: anna.address, kind: 'account', bytes: asParity(a) }]))).toMatch(/^GS02/);
  });

  it('says how many are missing and packs nothing before', async () => {
    const { missing, packed, threshold, accepted } = await collect(await sign(ben));
    expect([missing, packed, threshold, accepted.length]).toEqual([1, null, 2, 1]);
    expect(await refusal(await sign(ben))).toBe('GS020');
  });

  it('takes an owner that is a Safe by its owners’ signatures of its message, and by its approval on chain', async () => {
    const ask = await ContractSignature.ask(chain.client, inner.address, hashes, asked.domain);
    expect(ask.hashes.hash).toBe(
      await chain.client.readContract({
        address: inner.address,
        abi: parseAbi(['function getMessageHash(bytes message) view returns (bytes32)']),
        functionName: 'getMessageHash',
        args: [hashes.hash],
      }),
    );
    const below = await Promise.all([emil, dora].map((by) => by.signTypedData(ask.typedData)));
    const nested: SignatureFile = {
      by: 'safe',
      owner: inner.address,
      signatures: below.map((signature) => ({ by: 'account', signature })),
    };
    const whole = await collect(await sign(carla), nested);
    expect(whole.accepted.map(({ kind }) => kind).sort()).toEqual(['account', 'contract']);
    expect(await refusal(whole.packed!)).toBeNull();
    // The same bytes handed over as they are; one owner too few; the outer hash signed in place of the message.
    const bytes = SafeSignature.pack([
      { owner: emil.address, kind: 'account', bytes: below[0]! },
      { owner: dora.address, kind: 'account', bytes: below[1]! },
    ]);
    expect((await collect(await sign(ben), { by: 'contract', owner: inner.address, signature: bytes })).missing).toBe(0);
    expect(await reasons({ ...nested, signatures: nested.signatures.slice(1) })).toEqual(['incomplete']);
    const outer = { by: 'account', signature: await sign(emil) } as const;
    expect(await reasons({ ...nested, signatures: [outer, nested.signatures[1]!] })).toEqual(['stranger', 'incomplete']);
    const spoiled: Hex = `0x${bytes.slice(2, 100)}${bytes[100] === '0' ? '1' : '0'}${bytes.slice(101)}`;
    expect(await reasons({ by: 'contract', owner: inner.address, signature: spoiled })).toEqual(['contract-refuses']);
    const forced = SafeSignature.pack([
      { owner: inner.address, kind: 'contract', bytes: spoiled },
      { owner: ben.address, kind: 'account', bytes: await sign(ben) },
    ]);
    expect(await refusal(forced)).not.toBeNull();

    expect(await reasons({ by: 'approval', owner: anna.address })).toEqual(['not-approved']);
    const snapshot = await chain.rpc('evm_snapshot');
    await chain.rpc('anvil_impersonateAccount', anna.address);
    await chain.rpc('anvil_setBalance', anna.address, '0xde0b6b3a7640000');
    const approve = encodeFunctionData({ abi: Safe.ABI, functionName: 'approveHash', args: [hashes.hash] });
    const hash = (await chain.rpc('eth_sendTransaction', { from: anna.address, to: safe.address, data: approve })) as Hex;
    await chain.receipt(hash);
    const approved = await collect(nested, { by: 'approval', owner: anna.address });
    expect(approved.accepted.map(({ kind }) => kind).sort()).toEqual(['approved', 'contract']);
    expect(await refusal(approved.packed!)).toBeNull();
    await chain.rpc('evm_revert', snapshot);
  });

  it('refuses by name what is of another nonce, chain, operation, Safe or hash, of a stranger, twice, or no signature', async () => {
    const mine = await sign(anna);
    expect(await reasons(await sign(anna, { nonce: '3' }))).toEqual(['other-nonce']);
    expect(await reasons(await sign(anna, {}, { chainId: 1 }))).toEqual(['other-chain']);
    expect(await reasons(await sign(anna, { operation: 1 }))).toEqual(['other-operation']);
    expect(await reasons(await sign(stranger))).toEqual(['stranger']);
    expect(await reasons(await sign(anna, {}, { safe: inner.address }))).toEqual(['stranger']);
    expect(await reasons(mine, mine)).toEqual(['duplicate']);
    expect(await reasons(mine, await anna.signMessage({ message: { raw: hashes.hash } }))).toEqual(['duplicate']);
    expect(await reasons({ by: 'account', owner: ben.address, signature: mine })).toEqual(['wrong-signer']);
    const account = { by: 'account', signature: mine } as const;
    expect(await reasons({ ...account, chainId: 1 })).toEqual(['other-chain']);
    expect(await reasons({ ...account, nonce: 7 })).toEqual(['other-nonce']);
    expect(await reasons({ ...account, safe: inner.address })).toEqual(['other-safe']);
    expect(await reasons({ ...account, safeTxHash: hashMessage('x') })).toEqual(['other-hash']);
    expect(await reasons({ ...account, safeTxHash: hashes.hash, chainId: CHAIN_ID, nonce: 0, safe: safe.address })).toEqual([]);
    expect(await reasons({ by: 'contract', owner: stranger.address, signature: '0x' })).toEqual(['stranger']);
    for (const bad of ['0x', '0x1234', `0x${'00'.repeat(65)}`, `${mine.slice(0, 130)}1d`, `0x${'ff'.repeat(64)}1b`] as const)
      expect(await reasons(bad as Hex)).toEqual(['malformed']);
    const alone = await Signatures.collect(null, asked, holder, [{ from: 'a', file: { by: 'approval', owner: anna.address } }]);
    expect(alone.refused).toMatchObject([{ reason: 'needs-chain' }]);
    await expect(Signatures.collect(chain.client, asked, { ...holder, nonce: 1n }, [])).rejects.toThrow(Signatures.NonceUsedError);
    const later = { ...asked, tx: { ...asked.tx, nonce: '2' } };
    expect((await Signatures.collect(chain.client, later, holder, [])).waits).toBe(2);
    const elsewhere = { ...asked, domain: { ...asked.domain, chainId: 1 } };
    await expect(Signatures.collect(chain.client, elsewhere, holder, [])).rejects.toThrow(Signatures.OtherHashError);
  });

  it('is of one mind with the contract over random sets', { timeout: 120_000 }, async () => {
    const signers = [anna, ben, carla, stranger];
    const one = fc.record({
      by: fc.integer({ min: 0, max: 3 }),
      nonce: fc.constantFrom('0', '0', '0', '0', '1'),
      chainId: fc.constantFrom(CHAIN_ID, CHAIN_ID, CHAIN_ID, CHAIN_ID, 1),
      flip: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 129 }) }),
    });
    let [taken, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 4 }), async (set) => {
        const made = await Promise.all(
          set.map(async ({ by, nonce, chainId, flip }) => {
            const signature = await sign(signers[by]!, { nonce }, { chainId });
            const digit = flip === null ? '' : (Number.parseInt(signature[flip]!, 16) ^ 1).toString(16);
            const bytes = flip === null ? signature : (`${signature.slice(0, flip)}${digit}${signature.slice(flip + 1)}` as Hex);
            return { owner: signers[by]!.address, kind: 'account' as const, bytes };
          }),
        );
        const { packed } = await collect(...made.map(({ bytes }) => bytes));
        // What we do not pack, somebody else might: all of it, in order.
        const theirs = await refusal(packed ?? SafeSignature.pack(made));
        if (packed === null) refused += 1;
        else taken += 1;
        expect(theirs === null).toBe(packed !== null);
      }),
      { numRuns: 25 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(3);
  });
});

describe('a signature file', () => {
  it('is JSON or the bare bytes of an account', () => {
    const bytes: Hex = `0x${'ab'.repeat(65)}`;
    expect(read(` ${bytes.toUpperCase().replace('0X', '0x')}\n`, 'f')).toEqual({ by: 'account', signature: bytes });
    expect(read(JSON.stringify({ by: 'approval', owner: anna.address }), 'f')).toEqual({ by: 'approval', owner: anna.address });
    for (const bad of ['', 'hello', '{}', '{"by":"account"}', `{"by":"approval","owner":"${pad('0x1')}"}`, '{"by":"safe","owner":1}'])
      expect(() => read(bad, 'f')).toThrow(BadFileError);
  });
});
