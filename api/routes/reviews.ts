/** Reviews: open one for a rehearsed proposal, see where it stands, fetch what is to be signed, bring it back signed. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../base/id.ts';
import { Committee } from '../../governance/committee.ts';
import * as Decision from '../../governance/decision.ts';
import { Happening, next, type Review, STATES } from '../../governance/review.ts';
import { Address, Hex } from '../../governance/targets/words.ts';
import { Problem } from '../errors.ts';
import * as Reviews from '../reviews.ts';
import type { Service } from '../service.ts';
import * as Kept from '../store/reviews.ts';
import { needService, needStore } from './need.ts';

const Params = z.strictObject({ id: Id });
const State = z.enum(STATES);
const Standing = z.strictObject({
  proposal: Id,
  state: State,
  /** What can happen next, by anyone entitled. */
  next: z.array(z.string()).readonly(),
  committee: Committee,
  drafter: Address.nullable(),
  approvals: z.array(Address).readonly(),
  rejections: z.array(Address).readonly(),
  expiresAt: z.string(),
  finalHash: Hex,
  sheet: Id,
  revises: Id.nullable(),
  log: z.array(z.strictObject({ seq: z.int(), previous: Id.nullable(), state: State, happening: Happening })).readonly(),
});
const Reason = z.string().max(4_000);
const Asked = z.strictObject({
  statement: Decision.Statement,
  message: z.record(z.string(), z.unknown()).readonly(),
  hashes: z.strictObject({ domain: Hex, message: Hex, hash: Hex }).readonly(),
});
const Given = z.strictObject({ by: Address, statement: Decision.Statement, signature: Hex });
const problems = { 400: Problem, 404: Problem, 409: Problem, 429: Problem, 503: Problem };
const MOST_LISTED = 100;

export function routes(service: () => Service | null): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/reviews',
      {
        schema: {
          tags: ['reviews'],
          summary: 'Where proposals stand, those that moved last first',
          response: {
            200: z.array(z.strictObject({ proposalId: z.string(), state: State, entries: z.int(), at: z.string() })).readonly(),
            ...problems,
          },
        },
      },
      async () => {
        const rows = await Kept.list(needStore(service), MOST_LISTED);
        return rows.map((row) => ({ ...row, state: State.parse(row.state) }));
      },
    );

    app.post(
      '/proposals/:id/review',
      {
        schema: {
          tags: ['reviews'],
          summary: 'Put a proposal on the desk, with the committee of COMMITTEE; asking again changes nothing',
          params: Params,
          body: z.strictObject({ revises: Id.nullable().default(null) }),
          response: { 200: Standing, ...problems },
        },
      },
      async ({ params, body }) => standing(await Reviews.open(needStore(service), needService(service).config, params.id, body.revises)),
    );

    app.get(
      '/reviews/:id',
      { schema: { tags: ['reviews'], summary: 'One review, with its log', params: Params, response: { 200: Standing, ...problems } } },
      async ({ params }) => standing(await Reviews.read(needStore(service), params.id)),
    );

    app.get(
      '/reviews/:id/statement',
      {
        schema: {
          tags: ['reviews'],
          summary:
            'What a person signs (EIP-712) to take this step: `message` is for eth_signTypedData_v4, `hashes` are what a wallet shows',
          params: Params,
          querystring: z.strictObject({ action: z.enum(Decision.ACTIONS), reason: Reason.default('') }),
          response: { 200: Asked, ...problems },
        },
      },
      async ({ params, query }) => Reviews.ask(needStore(service), params.id, query.action, query.reason),
    );

    app.post(
      '/reviews/:id/decisions',
      {
        schema: {
          tags: ['reviews'],
          summary: 'Bring a signed statement; the same one twice changes nothing',
          params: Params,
          body: Given,
          response: { 200: Standing, ...problems },
        },
      },
      async ({ params, body }) => standing(await Reviews.decide(needStore(service), needService(service).config, params.id, body)),
    );
  };
}

function standing(review: Review): z.infer<typeof Standing> {
  const { proposal, state, committee, drafter, approvals, rejections, expiresAt, finalHash, sheet, revises, log } = review;
  return { proposal, state, next: next(review), committee, drafter, approvals, rejections, expiresAt, finalHash, sheet, revises, log };
}
