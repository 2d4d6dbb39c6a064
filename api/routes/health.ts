/** Is it alive, can it work, how is it doing. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import { VERSION } from '../config.ts';
import { Problem } from '../errors.ts';
import type { Service } from '../service.ts';
import * as Audit from '../store/audit.ts';
import * as Store from '../store/store.ts';
import { needStore } from './need.ts';

const Part = z.enum(['ok', 'starting', 'failed']);
const Ready = z.strictObject({ status: Part, store: Part, queue: Part, says: z.string().nullable() });
const Live = z.strictObject({ status: z.literal('ok'), version: z.string(), uptimeSeconds: z.number() });
const AuditState = z.strictObject({ entries: z.int(), head: z.string(), brokenAt: z.int().nullable() });

export function routes(service: () => Service | null): FastifyPluginAsyncZod {
  const plugin: FastifyPluginAsyncZod = async (app) => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const seconds = new Histogram({
      name: 'plimsoll_http_request_seconds',
      help: 'Time to answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [registry],
    });
    const queued = new Gauge({ name: 'plimsoll_queue_jobs', help: 'Jobs by state', labelNames: ['state'], registers: [registry] });
    const readiness = new Gauge({ name: 'plimsoll_ready', help: '1 where store and queue answer', registers: [registry] });
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none';
      seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    });

    app.get('/healthz', { schema: { tags: ['health'], summary: 'The process answers', response: { 200: Live } } }, async () => ({
      status: 'ok' as const,
      version: VERSION,
      uptimeSeconds: process.uptime(),
    }));

    app.get(
      '/readyz',
      { schema: { tags: ['health'], summary: 'Store and queue answer', response: { 200: Ready, 503: Ready } } },
      async (_request, reply) => {
        const state = await readyState(service());
        return reply.status(state.status === 'ok' ? 200 : 503).send(state);
      },
    );

    app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
      const running = service();
      const jobs = running?.jobs();
      if (jobs !== null && jobs !== undefined) {
        for (const [state, count] of Object.entries(await jobs.counts())) queued.set({ state }, count);
      }
      readiness.set((await readyState(running)).status === 'ok' ? 1 : 0);
      return reply.type(registry.contentType).send(await registry.metrics());
    });

    app.get(
      '/v1/audit',
      {
        schema: {
          tags: ['health'],
          summary: 'Walks the audit log’s hash chain; `head` is what to note elsewhere',
          response: { 200: AuditState, 503: Problem },
        },
      },
      async () => Audit.verify(needStore(service).database),
    );
  };
  // Not a world of its own: the timing hook is for every route of the application.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}

async function readyState(service: Service | null): Promise<z.infer<typeof Ready>> {
  const failure = service?.failure() ?? null;
  const store = service?.store() ?? null;
  const jobs = service?.jobs() ?? null;
  if (failure !== null) return { status: 'failed', store: 'failed', queue: 'failed', says: failure.detail };
  if (store === null || jobs === null) {
    return { status: 'starting', store: store === null ? 'starting' : 'ok', queue: 'starting', says: null };
  }
  const [database, queue] = await Promise.allSettled([Store.ping(store), jobs.ping()]);
  const part = (result: PromiseSettledResult<void>) => (result.status === 'fulfilled' ? 'ok' : 'failed');
  const [bad] = [database, queue].filter((result) => result.status === 'rejected');
  return {
    status: bad === undefined ? 'ok' : 'failed',
    store: part(database),
    queue: part(queue),
    says: bad === undefined ? null : String((bad.reason as Error).message),
  };
}
