/** Artifacts by id. Their bytes are the canonical JSON that the id is the hash of, so they can be cached for ever. */
import { gunzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { type ZodType, z } from 'zod';
import { Id } from '../../base/id.ts';
import { MarketPanel } from '../../datasets/panel.ts';
import { ProtocolState } from '../../datasets/state.ts';
import { Manifest } from '../../governance/bundle.ts';
import { Execution, Proposal } from '../../governance/proposal.ts';
import { ModelCard } from '../../models/card.ts';
import { MarketModel } from '../../models/market.ts';
import { ScenarioSet } from '../../models/scenario.ts';
import { Policy } from '../../tuner/policy.ts';
import { Recommendation } from '../../tuner/recommendation.ts';
import { StressEvidence } from '../../tuner/stress/evidence.ts';
import { Problem } from '../errors.ts';
import type { Service } from '../service.ts';
import { type Artifact, unpack } from '../store/artifact.ts';
import * as Store from '../store/store.ts';
import { encodeCursor, PageQuery } from './cursor.ts';
import { found, needStore } from './need.ts';

/** Path, kind in the store, shape. */
const KINDS: readonly (readonly [string, string, ZodType])[] = [
  ['panels', 'market-panel', MarketPanel],
  ['states', 'protocol-state', ProtocolState],
  ['policies', 'policy', Policy],
  ['models', 'market-model', MarketModel],
  ['cards', 'model-card', ModelCard],
  ['scenarios', 'scenario-set', ScenarioSet],
  ['evidence', 'stress-evidence', StressEvidence],
  ['recommendations', 'recommendation', Recommendation],
  ['proposals', 'proposal', Proposal],
  ['executions', 'execution', Execution],
  ['bundles', 'manifest', Manifest],
];
const Params = z.strictObject({ id: Id });
const problems = { 400: Problem, 404: Problem, 429: Problem, 503: Problem };

/** Where a proposal stands; the proposal itself never changes. */
const ProposalStanding = z.strictObject({
  proposalId: z.string(),
  runId: z.string(),
  state: z.enum(['drafted', 'rehearsed', 'rehearsal-failed']),
  executionId: z.string().nullable(),
  updatedAt: z.string(),
});

export function routes(service: () => Service | null): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/recommendations',
      {
        schema: {
          tags: ['artifacts'],
          summary: 'Recommendations, newest first',
          querystring: PageQuery,
          response: { 200: z.strictObject({ items: z.array(Recommendation).readonly(), next: z.string().nullable() }), ...problems },
        },
      },
      async ({ query }) => {
        const slice = await Store.listArtifacts(needStore(service), 'recommendation', query.limit, query.cursor);
        return { items: slice.items.map((item) => JSON.parse(unpack(item)) as Recommendation), next: encodeCursor(slice.next) };
      },
    );

    for (const [path, kind, shape] of KINDS) {
      app.get(
        `/${path}/:id`,
        {
          schema: {
            tags: ['artifacts'],
            summary: `One ${kind}, exactly as it was hashed`,
            params: Params,
            response: { 200: shape, ...problems },
          },
        },
        async (request, reply) => {
          const { id } = request.params;
          return send(request, reply, found(await Store.getArtifact(needStore(service), [kind], id), id));
        },
      );
    }

    app.get(
      '/proposals/:id/standing',
      {
        schema: {
          tags: ['artifacts'],
          summary: 'Where a proposal stands',
          params: Params,
          response: { 200: ProposalStanding, ...problems },
        },
      },
      async ({ params }) => {
        const row = found(await Store.proposalState(needStore(service), params.id), params.id);
        return { ...row, updatedAt: new Date(row.updatedAt).toISOString() };
      },
    );
  };
}

/** Bytes pass as they are stored, compressed where the client can read it: nothing is parsed or written anew. */
function send(request: FastifyRequest, reply: FastifyReply, artifact: Artifact) {
  const tag = `"${artifact.id}"`;
  reply.headers({ etag: tag, 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' });
  const known = request.headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (known?.includes(tag) || known?.includes('*')) return reply.status(304).send();
  reply.type('application/json; charset=utf-8');
  const readsGzip = /(^|,)\s*(gzip|\*)\s*(;|,|$)(?!\s*q=0(\.0*)?\s*(,|$))/.test(request.headers['accept-encoding'] ?? '');
  if (readsGzip) return reply.header('content-encoding', 'gzip').send(Buffer.from(artifact.bytes));
  return reply.send(gunzipSync(artifact.bytes));
}
