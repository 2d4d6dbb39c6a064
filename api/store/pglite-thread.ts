/**
 * Worker thread: the embedded Postgres. It lives off the main thread because creating it keeps a core busy for seconds.
 *
 * It speaks text both ways: parameters arrive as Postgres text, values leave as Postgres text. The pool on the other side
 * applies `pg`'s own parsers, so that the embedded engine and a server answer with the same JavaScript values.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

export type Ask = { readonly id: number; readonly text: string; readonly values: readonly (string | null)[] | null };
export type Column = { readonly name: string; readonly dataTypeID: number };
export type Told = { readonly columns: readonly Column[]; readonly rows: readonly (string | null)[][]; readonly rowCount: number };
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: DatabaseFault }
  | { readonly kind: 'result'; readonly id: number; readonly result: Told }
  | { readonly kind: 'fault'; readonly id: number; readonly error: DatabaseFault }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };
/** What `pg` puts on its errors and callers look at. */
export type DatabaseFault = { readonly message: string } & Partial<Record<'code' | 'detail' | 'constraint' | 'table' | 'column', string>>;

const port = parentPort;
if (port === null) throw new Error('pglite-thread.ts runs as a worker thread only');
const send = (answer: Answer) => port.postMessage(answer);

try {
  const database = await PGlite.create((workerData as { dataDir: string }).dataDir);
  const same = (value: string) => value;
  for (const key of Object.keys(database.parsers)) database.parsers[key] = same;
  for (const key of Object.keys(database.serializers)) database.serializers[key] = same;
  database.onNotification((channel, payload) => send({ kind: 'notification', channel, payload }));
  port.on('message', (ask: Ask | 'close') => {
    if (ask === 'close') {
      void database.close().finally(() => port.close());
      return;
    }
    answer(database, ask).then(
      (result) => send({ kind: 'result', id: ask.id, result }),
      (error: unknown) => send({ kind: 'fault', id: ask.id, error: fault(error) }),
    );
  });
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'failed', error: fault(error) });
}

/** Without parameters the simple protocol runs, which takes several statements; the last one's rows count, as in `pg`. */
async function answer(database: PGlite, { text, values }: Ask): Promise<Told> {
  const result =
    values === null
      ? (await database.exec(text, { rowMode: 'array' })).at(-1)
      : await database.query(text, [...values], { rowMode: 'array' });
  const rows = (result?.rows ?? []) as unknown as (string | null)[][];
  return { columns: result?.fields ?? [], rows, rowCount: result?.affectedRows || rows.length };
}

function fault(error: unknown): DatabaseFault {
  const source = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Record<string, unknown>;
  const fields = ['message', 'code', 'detail', 'constraint', 'table', 'column'].flatMap((key) =>
    typeof source[key] === 'string' ? [[key, source[key]] as const] : [],
  );
  return { message: 'unknown', ...Object.fromEntries(fields) };
}
