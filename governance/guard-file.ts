/** The file an update travels in: what is signed, by whom it is so far, and which bundle stands behind it. Amounts are decimal text. */
import { type Client, recoverAddress } from 'viem';
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { Id } from '../base/id.ts';
import { isSignedBy } from './decision.ts';
import * as Guard from './guard.ts';
import { Address, Hex } from './targets/words.ts';

const Whole = z.string().regex(/^\d{1,39}$/);
const Values = z.strictObject(Guard.byField(() => Whole)).readonly();

export const File = z
  .strictObject({
    kind: z.literal('guard-update'),
    chainId: z.int().positive(),
    guard: Address,
    /** Asset's name in the bundle. */
    says: z.string().max(200),
    bundle: Id,
    update: z
      .strictObject({
        ...{ asset: Hex, from: Values, to: Values, price: Whole, evidenceRoot: Hex, evidenceTime: Whole, deadline: Whole },
        ...{ nonce: Whole, epoch: Whole, policyHash: Hex, maxNewlyLiquidatable: z.int().nonnegative() },
      })
      .readonly(),
    /** As a wallet shows them; made from `update`, and checked against it whenever the file is read. */
    hashes: z.strictObject({ domainHash: Hex, messageHash: Hex, digest: Hex }).readonly(),
    attestations: z.array(z.strictObject({ signer: Address, signature: Hex }).readonly()).readonly(),
  })
  .readonly();
export type File = z.infer<typeof File>;

export function make(update: Guard.Update, domain: Guard.Domain, says: string, bundle: Id): File {
  Guard.digest(update, domain);
  const text = (values: Guard.Values) => Guard.byField((field) => String(values[field]));
  const { from, to, price, evidenceTime, deadline, nonce, epoch, ...rest } = update;
  const numbers = Object.fromEntries(
    Object.entries({ price, evidenceTime, deadline, nonce, epoch }).map(([key, value]) => [key, String(value)]),
  );
  return File.parse({
    ...{ kind: 'guard-update', ...domain, says, bundle, update: { ...rest, from: text(from), to: text(to), ...numbers } },
    ...{ hashes: Guard.digestTwin(update, domain), attestations: [] },
  });
}

/** The update that is signed; a file whose hashes are of another one is refused. */
export function read(value: unknown, where: string): { readonly file: File; readonly update: Guard.Update; readonly domain: Guard.Domain } {
  const parsed = File.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new NotAFileError({
      got: issue?.message ?? '',
      needed: 'what `plimsoll attest draft` writes',
      where: `${where}, ${issue?.path.join('.')}`,
    });
  }
  const file = parsed.data;
  const { from, to, price, evidenceTime, deadline, nonce, epoch, ...rest } = file.update;
  const amounts = (values: File['update']['from']) => Guard.byField((field) => BigInt(values[field]));
  const update: Guard.Update = {
    ...{ ...rest, from: amounts(from), to: amounts(to), price: BigInt(price) },
    ...{ evidenceTime: BigInt(evidenceTime), deadline: BigInt(deadline), nonce: BigInt(nonce), epoch: BigInt(epoch) },
  };
  const domain = { chainId: file.chainId, guard: file.guard };
  const made = Guard.digest(update, domain);
  if (made !== file.hashes.digest)
    throw new NotAFileError({
      got: `digest ${file.hashes.digest}`,
      needed: made,
      where,
      fix: 'Somebody changed the file: sign nothing of it.',
    });
  return { file, update, domain };
}

/** With one more attestation, checked: of an account by its key, of a contract (ERC-1271) where a client is given. */
export async function attested(client: Client | null, file: File, signer: Address, signature: Hex): Promise<File> {
  if (!(await isSignedBy(client, signer, file.hashes.digest, signature))) {
    const other = await recoverAddress({ hash: file.hashes.digest, signature }).catch(() => 'nobody');
    throw new BadAttestationError({
      got: `a signature of ${other}`,
      needed: `one of ${signer} over ${file.hashes.digest}`,
      where: 'signature',
      fix: 'Sign this very update. A contract’s signature needs --rpc.',
    });
  }
  const others = file.attestations.filter((one) => one.signer.toLowerCase() !== signer.toLowerCase());
  const attestations = [...others, { signer, signature }].sort((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1));
  return { ...file, attestations };
}

export class NotAFileError extends PlimsollError {
  override readonly name = 'GuardFile.NotAFileError';
}

export class BadAttestationError extends PlimsollError {
  override readonly name = 'GuardFile.BadAttestationError';
}
