/** Runs: ask for one, look at them, follow one, and the one call that answers what the page shows. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../base/id.ts';
import { Caps } from '../../tuner/caps.ts';
import { Explanation } from '../../tuner/explanation/explanation.ts';
import { Judgement, Setting } from '../../tuner/explanation/setting.ts';
import { Frontier } from '../../tuner/frontier.ts';
import { Regret, TrackRecord, trackRecord } from '../../tuner/regret.ts';
import { Problem } from '../errors.ts';
import { DEFAULT_OPTIONS, VoyageOptions } from '../options.ts';
import { Page, type Result } from '../page.ts';
import { fromRow, Run } from '../progress.ts';
import type { Service } from '../service.ts';
import * as Store from '../store/store.ts';

import { encodeCursor, PageQuery } from './cursor.ts';
import { found, needService, needStore } from './need.ts';

/** A name inside DATA_DIR/inputs: letters, digits, dot, dash, underscore; folders by slash; never upwards. */
const InputName = z
  .string()
  .max(200)
  .regex(/^(?!\.)[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'expected a relative name such as hourly or books/aave.json');

const RunRequest = z.strictObject({
  // A block that nobody has asked a chain for may not be claimed.
  ...VoyageOptions.unwrap().omit({ seedBlock: true }).partial().shape,
  panel: InputName.nullable().optional(),
  state: InputName.nullable().optional(),
  policy: InputName.nullable().optional(),
  model: InputName.nullable().optional(),
});

const Key = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/);
const Params = z.strictObject({ id: Id });
const problems = { 400: Problem, 404: Problem, 422: Problem, 429: Problem, 503: Problem };

export function routes(service: () => Service | null): FastifyPluginAsyncZod {
  const finished = async (id: string): Promise<Result | null> => {
    const row = await Store.getRun(needStore(service), id);
    return row?.status === 'done' ? (row.summary as Result) : null;
  };
  return async (app) => {
    app.post(
      '/runs',
      {
        schema: {
          tags: ['runs'],
          summary: 'Ask for a run. The same options, files and code are the same run, however often they are asked for',
          headers: z.object({ 'idempotency-key': Key.optional() }),
          body: RunRequest,
          response: { 200: Run, 202: Run, ...problems },
        },
      },
      async (request, reply) => {
        const given = Object.fromEntries(Object.entries(request.body).filter(([, value]) => value !== undefined));
        const options: VoyageOptions = { ...DEFAULT_OPTIONS, ...given };
        const { run } = await needService(service).submit(options, request.headers['idempotency-key'] ?? null);
        return reply
          .status(run.status === 'done' ? 200 : 202)
          .header('location', `/v1/runs/${run.id}`)
          .send(run);
      },
    );

    app.get(
      '/runs',
      {
        schema: {
          tags: ['runs'],
          summary: 'Runs, newest first',
          querystring: PageQuery,
          response: { 200: z.strictObject({ items: z.array(Run).readonly(), next: z.string().nullable() }), ...problems },
        },
      },
      async (request) => {
        const slice = await Store.listRuns(needStore(service), request.query.limit, request.query.cursor);
        return { items: slice.items.map((row) => fromRow(row, undefined)), next: encodeCursor(slice.next) };
      },
    );

    app.get(
      '/runs/latest',
      {
        schema: {
          tags: ['runs'],
          summary: 'What the page shows: the newest run, and the newest finished result',
          response: { 200: Page, ...problems },
        },
      },
      async (_request, reply) => {
        reply.header('cache-control', 'no-store');
        return needService(service).page();
      },
    );

    app.get(
      '/runs/:id',
      { schema: { tags: ['runs'], summary: 'One run', params: Params, response: { 200: Run, ...problems } } },
      async ({ params }) => found(await needService(service).run(params.id), params.id),
    );

    app.get(
      '/runs/:id/frontier',
      {
        schema: {
          tags: ['runs'],
          summary: 'Borrowing power against expected shortfall of bad debt: plans of a finished run, with today’s and the recommended one',
          params: Params,
          response: { 200: Frontier, ...problems },
        },
      },
      async ({ params }) => found((await finished(params.id))?.frontier ?? null, params.id),
    );

    app.get(
      '/runs/:id/caps',
      {
        schema: {
          tags: ['runs'],
          summary: 'Supply caps, borrow caps and liquidation bonuses of a finished run, each with the constraint that sets it',
          params: Params,
          response: { 200: Caps, ...problems },
        },
      },
      async ({ params }) => found((await finished(params.id))?.caps ?? null, params.id),
    );

    app.get(
      '/runs/:id/explanation',
      {
        schema: {
          tags: ['runs'],
          summary:
            'Why a finished run advises what it advises: each number with what stopped it, sensitivities, worst paths; `against` an earlier run, the change split among what changed',
          params: Params,
          querystring: z.strictObject({ against: Id.optional().describe('Another finished run, of the same assets') }),
          response: { 200: Explanation, ...problems },
        },
      },
      async ({ params, query }) => {
        const { answers } = needService(service);
        const { recommendation } = found(await finished(params.id), params.id);
        const other = query.against === undefined ? null : found(await finished(query.against), query.against).recommendation;
        return answers.explanation(needStore(service), recommendation, other);
      },
    );

    app.post(
      '/runs/:id/what-if',
      {
        schema: {
          tags: ['runs'],
          summary: 'Other parameters on the paths of a finished run: loss with standard errors, borrowing power, every constraint broken',
          params: Params,
          body: Setting,
          response: { 200: Judgement, ...problems },
        },
      },
      async ({ params, body }) => {
        const { answers } = needService(service);
        const { recommendation } = found(await finished(params.id), params.id);
        return answers.whatIf(needStore(service), recommendation, body);
      },
    );

    app.get(
      '/runs/:id/regret',
      {
        schema: {
          tags: ['runs'],
          summary:
            'Recommendations up to this run, the latest first, against what then happened as far as its own data or that of newer runs goes',
          params: Params,
          response: { 200: z.strictObject({ entries: z.array(Regret).readonly(), trackRecord: TrackRecord }), ...problems },
        },
      },
      async ({ params }) => {
        const { answers } = needService(service);
        found(await finished(params.id), params.id);
        const entries = await answers.regrets(needStore(service), params.id);
        return { entries, trackRecord: trackRecord(entries) };
      },
    );

    app.get(
      '/runs/:id/events',
      {
        sse: 'only',
        schema: {
          tags: ['runs'],
          summary: 'Server-sent events of one run: `event: run`, the whole run each time, its present state first; ends with the run',
          params: Params,
          response: problems,
        },
      },
      async ({ params }, reply) => {
        const running = needService(service);
        // Subscribed before the first state is read, so that no change falls between the two.
        let send: (run: Run) => void = () => undefined;
        const early: Run[] = [];
        const stop = running.follow(params.id, (run) => (sending ? send(run) : early.push(run)));
        let sending = false;
        try {
          const first = found(await running.run(params.id), params.id);
          reply.header('x-accel-buffering', 'no');
          await reply.sse.send({ event: 'run', data: first });
          if (hasEnded(first)) return;
          await new Promise<void>((resolve) => {
            let queue = Promise.resolve();
            send = (run) => {
              queue = queue
                .then(() => reply.sse.send({ event: 'run', data: run }))
                .catch(() => resolve())
                .then(() => (hasEnded(run) ? resolve() : undefined));
            };
            sending = true;
            for (const run of early) send(run);
            reply.sse.onClose(() => resolve());
          });
        } finally {
          stop();
        }
      },
    );
  };
}

function hasEnded(run: Run): boolean {
  return run.status === 'done' || run.status === 'failed' || run.status === 'cancelled';
}
