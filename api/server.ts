/**
 * build(deps): the HTTP application, not yet listening.
 *
 * Fastify's defaults are wrong for money: text is turned into numbers, unknown keys vanish. Every body, query and parameter
 * is judged by a strict zod schema instead: nothing is coerced, an unknown key is refused. No proxy is trusted.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { fastifySSE } from '@fastify/sse';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { PlimsollError, quote } from '../base/errors.ts';
import { PACKAGE_ROOT, VERSION } from './config.ts';
import { toProblem } from './errors.ts';
import * as ArtifactRoutes from './routes/artifacts.ts';
import * as HealthRoutes from './routes/health.ts';
import * as ReviewRoutes from './routes/reviews.ts';
import * as RunRoutes from './routes/runs.ts';
import type { Service } from './service.ts';

/** `service` is asked on each request: the application answers before there is one. */
export type Deps = {
  readonly service: () => Service | null;
  readonly log: FastifyBaseLogger | false;
  readonly rateLimit: number;
  readonly pageDir?: string;
};
export type App = Awaited<ReturnType<typeof build>>;

const BODY_LIMIT_BYTES = 64 * 1024;
const HEARTBEAT_MS = 15_000;
const PAGE_DIR = join(PACKAGE_ROOT, 'web', 'dist');
/** The page and its data, from this host alone. */
const CONTENT_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};
/** Swagger's page sets styles on its elements. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'";

export async function build({ service, log, rateLimit: perMinute, pageDir = PAGE_DIR }: Deps) {
  const app = Fastify({
    ...(log === false ? { logger: false } : { loggerInstance: log }),
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: false,
    // One line a request at `debug`; failures are logged where they are answered.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // An address the router cannot even read never reaches the error handler.
    frameworkErrors: answerError,
    routerOptions: { ignoreTrailingSlash: true },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const error = new NotFoundError({ got: `${request.method} ${quote(request.url)}`, needed: 'a path of this API', fix: 'See /docs.' });
    return answer(request, reply, error);
  });
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      { method: request.method, url: request.url, status: reply.statusCode, milliseconds: Math.round(reply.elapsedTime) },
      'answered',
    );
  });

  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_POLICY },
    // Plain HTTP on a loopback address is the ordinary case; whoever ends TLS in front sets this header there.
    strictTransportSecurity: false,
  });
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: '1 minute',
    errorResponseBuilder: (_request, context) =>
      new TooManyRequestsError({
        got: `more than ${context.max} requests a minute`,
        needed: 'fewer',
        fix: `Try again in ${context.after}.`,
      }),
  });
  await app.register(fastifySSE, { heartbeatInterval: HEARTBEAT_MS });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Plimsoll',
        version: VERSION,
        description:
          'Risk parameters for DeFi protocols with stress-test evidence anyone can re-run. Errors are RFC 9457 problem details; `type` is the error’s public name.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'runs', description: 'The whole chain once: from market data to a drafted proposal' },
        { name: 'artifacts', description: 'Immutable, named by the hash of their content' },
        { name: 'reviews', description: 'People decide: signed statements, checked against a committee, kept in a chain' },
        { name: 'health', description: 'For whoever keeps it running' },
      ],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    transformStaticCSP: () => DOCS_POLICY,
    uiConfig: { validatorUrl: null },
  });

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(HealthRoutes.routes(service));
  await app.register(RunRoutes.routes(service), { prefix: '/v1' });
  await app.register(ArtifactRoutes.routes(service), { prefix: '/v1' });
  await app.register(ReviewRoutes.routes(service), { prefix: '/v1' });
  if (existsSync(pageDir)) await app.register(fastifyStatic, { root: pageDir, index: 'index.html' });
  return app;
}

/** Every error leaves as problem details. */
function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  return answer(request, reply, named(error, request));
}

function answer(request: FastifyRequest, reply: FastifyReply, error: unknown) {
  const problem = toProblem(error, `urn:uuid:${request.id}`);
  if ((problem.status ?? 500) >= 500) request.log.error({ err: error }, 'request failed');
  return reply
    .status(problem.status ?? 500)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problem);
}

/** Fastify's and zod's own refusals under names of ours. */
function named(error: FastifyError, request: FastifyRequest): unknown {
  if (error instanceof PlimsollError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [issue] = error.validation;
    const place = `${error.validationContext ?? 'request'}${issue?.instancePath.replace(/\/$/, '').replaceAll('/', '.') ?? ''}`;
    return new BadRequestError({
      got: 'a value that does not fit',
      needed: issue?.message ?? 'another value',
      where: place,
      fix: 'See /docs.',
    });
  }
  if (error.statusCode === 413) return new TooLargeError({ got: 'a larger body', needed: `at most ${BODY_LIMIT_BYTES} bytes` });
  if (error.statusCode === 415) {
    return new UnsupportedMediaTypeError({ got: quote(request.headers['content-type'] ?? 'no content type'), needed: 'application/json' });
  }
  if (error.statusCode === 406)
    return new BadRequestError({ got: quote(request.headers.accept ?? ''), needed: 'text/event-stream', where: 'accept' });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new BadRequestError({ got: quote(error.message), needed: 'a well-formed request', where: 'body' });
  }
  return error;
}

export class NotFoundError extends PlimsollError {
  override readonly name = 'Http.NotFoundError';
}

export class BadRequestError extends PlimsollError {
  override readonly name = 'Http.BadRequestError';
}

export class TooManyRequestsError extends PlimsollError {
  override readonly name = 'Http.TooManyRequestsError';
}

export class TooLargeError extends PlimsollError {
  override readonly name = 'Http.TooLargeError';
}

export class UnsupportedMediaTypeError extends PlimsollError {
  override readonly name = 'Http.UnsupportedMediaTypeError';
}
