/** Pages by cursor: opaque text that holds where the last page ended. */
import { z } from 'zod';
import type { Cursor } from '../store/store.ts';

const MOST = 100;
const USUAL = 20;
const Inside = z.tuple([z.string().regex(/^\d{4}-\d\d-\d\d[ T][\d:.]+([+-]\d\d(:?\d\d)?|Z)$/), z.string().max(200)]);

export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `expected 1 to ${MOST}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MOST, `expected 1 to ${MOST}`)
    .default(USUAL)
    .describe(`Entries a page, 1 to ${MOST}`),
  cursor: z
    .string()
    .max(400)
    .transform((text, context) => {
      const cursor = decode(text);
      if (cursor === null) context.addIssue({ code: 'custom', message: 'expected the `next` of an earlier answer' });
      return cursor;
    })
    .nullable()
    .default(null)
    .describe('`next` of the page before'),
});

export function encodeCursor(cursor: Cursor | null): string | null {
  return cursor === null ? null : Buffer.from(JSON.stringify([cursor.createdAt, cursor.id])).toString('base64url');
}

function decode(text: string): Cursor | null {
  try {
    const inside = Inside.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return inside.success ? { createdAt: inside.data[0], id: inside.data[1] } : null;
  } catch {
    return null;
  }
}
