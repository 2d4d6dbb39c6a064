/**
 * Model store: a folder of laws by hash, and a register that says which is in force and how every decision fell.
 *
 * A law is written under its hash before the register names it, and the register is replaced whole, so a crash between the two leaves the former law in
 * force. Whatever is read is checked against its name: a file that was changed is not a law.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, Id, isSealed } from '../base/id.ts';
import { MarketModel } from '../models/market.ts';
import { write } from './folder.ts';

export const Decision = z
  .strictObject({
    /** End of the panel that decided it. */
    asOf: z.string(),
    challenger: Id,
    inForceBefore: Id.nullable(),
    verdict: z.enum(['promoted', 'kept']),
    says: z.string(),
  })
  .readonly();
export type Decision = z.infer<typeof Decision>;

export const ModelRegister = z
  .strictObject({
    kind: z.literal('model-register'),
    inForce: Id.nullable(),
    /** Oldest first; never shortened. */
    decisions: z.array(Decision).readonly(),
  })
  .readonly();
export type ModelRegister = z.infer<typeof ModelRegister>;

export type ModelStore = {
  readonly register: ModelRegister;
  readonly inForce: MarketModel | null;
  /** Keeps the challenger's law and the decision. */
  decide(challenger: MarketModel, decision: Decision): Promise<ModelStore>;
};

const REGISTER = 'register.json';

export async function open(folder: string): Promise<ModelStore> {
  const register = await registerOf(folder);
  const inForce = register.inForce === null ? null : await lawAt(join(folder, fileOf(register.inForce)), register.inForce);
  return {
    register,
    inForce,
    async decide(challenger, decision) {
      if (!isSealed(challenger)) throw damaged('other content', `the law ${challenger.id}`, folder);
      const found = await registerOf(folder);
      if (canonicalJson(found) !== canonicalJson(register)) {
        throw new OvertakenError({
          got: `${found.decisions.length} decisions`,
          needed: `the ${register.decisions.length} of when this training began`,
          where: join(folder, REGISTER),
          fix: 'Another training decided meanwhile: train again.',
        });
      }
      await mkdir(folder, { recursive: true });
      await write(folder, fileOf(challenger.id), canonicalJson(challenger));
      const next: ModelRegister = {
        kind: 'model-register',
        inForce: decision.verdict === 'promoted' ? challenger.id : register.inForce,
        decisions: [...register.decisions, decision],
      };
      await write(folder, REGISTER, canonicalJson(next));
      return open(folder);
    },
  };
}

/** The law in a file, or the one in force in a folder. */
export async function readLaw(path: string): Promise<MarketModel> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  if (!isFolder) return lawAt(path, null);
  const { inForce } = await open(path);
  if (inForce !== null) return inForce;
  throw noLaw('a folder without a law in force', path);
}

async function registerOf(folder: string): Promise<ModelRegister> {
  const place = join(folder, REGISTER);
  const text = await readFile(place, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw damaged(error.code ?? 'an error', 'a readable register', place);
  });
  if (text === null) return { kind: 'model-register', inForce: null, decisions: [] };
  const read = ModelRegister.safeParse(json(text));
  if (!read.success) throw damaged(read.error.issues[0]?.message ?? 'something else', 'a model register', place);
  return read.data;
}

/** `id`: what the law must be, where it is known. */
async function lawAt(place: string, id: Id | null): Promise<MarketModel> {
  const text = await readFile(place, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && id === null) throw noLaw('no such file or folder', place);
    throw damaged(error.code ?? 'an error', 'a law', place);
  });
  const read = MarketModel.safeParse(json(text));
  if (!read.success) throw damaged(read.error.issues[0]?.message ?? 'something else', 'a market model', place);
  if ((id !== null && read.data.id !== id) || !isSealed(read.data)) throw damaged('other content', `the law ${id ?? read.data.id}`, place);
  return read.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fileOf(id: Id): string {
  return `${id.replace(':', '-')}.json`;
}

function noLaw(got: string, where: string): NoLawError {
  return new NoLawError({ got, needed: 'a law, or a folder with one in force', where, fix: 'Make it with `plimsoll train`.' });
}

function damaged(got: string, needed: string, where: string): DamagedError {
  return new DamagedError({ got, needed, where, fix: 'Restore the folder from a copy, or name a new one: the next training begins it.' });
}

export class OvertakenError extends PlimsollError {
  override readonly name = 'ModelStore.OvertakenError';
}

export class NoLawError extends PlimsollError {
  override readonly name = 'ModelStore.NoLawError';
}

export class DamagedError extends PlimsollError {
  override readonly name = 'ModelStore.DamagedError';
}
