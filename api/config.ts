/**
 * The only reader of the environment. Parsed once at the edge, all mistakes listed at once; nobody else looks at `process.env`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { digest } from '../base/id.ts';

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'expected a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected ${min} to ${max}`);

const address = (...protocols: readonly string[]) =>
  z.string().refine(
    (text) => {
      try {
        return protocols.includes(new URL(text).protocol);
      } catch {
        return false;
      }
    },
    `expected an address starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );

/** Every variable, its meaning and its default. `.env.example` lists the same names; a test keeps the two equal. */
export const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
  PORT: wholeNumber(0, 65_535).default(4_600).describe('Port to listen on; 0 takes a free one'),
  DATA_DIR: z.string().min(1).default('.plimsoll').describe('Folder of the embedded store and of bundles made by jobs'),
  DATABASE_URL: address('postgres:', 'postgresql:').optional().describe('Postgres instead of the embedded store'),
  REDIS_URL: address('redis:', 'rediss:').optional().describe('Redis instead of the database as the queue'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('Least severe line written'),
  WORKERS: wholeNumber(1, 256).optional().describe('Threads for stress paths; default: all cores, at most 8'),
  SAMPLE_RUN: z.enum(['on', 'off']).default('on').describe('Run the built-in sample once when the store is empty'),
  COMMITTEE: z.string().min(1).optional().describe('File that names who drafts, reviews and stops; without it no review is opened'),
  RPC_URL: address('http:', 'https:').optional().describe('Node that is asked whether a contract signed (ERC-1271)'),
  RATE_LIMIT: wholeNumber(1, 1_000_000).default(600).describe('Requests a minute and client'),
});

export type Config = {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly logLevel: z.infer<typeof Environment>['LOG_LEVEL'];
  readonly workers: number;
  readonly sampleRun: boolean;
  readonly committee: string | null;
  readonly rpcUrl: string | null;
  readonly rateLimit: number;
};

/** Empty strings count as not set: that is what compose files and CI systems write for "no value". */
export function read(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new BadEnvironmentError({
      got: `${issues.length} unusable ${issues.length === 1 ? 'variable' : 'variables'} (${issues.join('; ')})`,
      needed: 'values as in .env.example',
      where: 'environment',
      fix: 'Correct or unset them.',
    });
  }
  const { HOST, PORT, DATA_DIR, DATABASE_URL, REDIS_URL, LOG_LEVEL, WORKERS, SAMPLE_RUN, COMMITTEE, RPC_URL, RATE_LIMIT } = parsed.data;
  return {
    host: HOST,
    port: PORT,
    dataDir: resolve(DATA_DIR),
    databaseUrl: DATABASE_URL ?? null,
    redisUrl: REDIS_URL ?? null,
    logLevel: LOG_LEVEL,
    workers: WORKERS ?? Math.min(8, availableParallelism()),
    sampleRun: SAMPLE_RUN === 'on',
    committee: COMMITTEE === undefined ? null : resolve(COMMITTEE),
    rpcUrl: RPC_URL ?? null,
    rateLimit: RATE_LIMIT,
  };
}

/** Folder of package.json, whether this file runs from source or from `dist`: migrations, page and openapi.json are found from here. */
export const PACKAGE_ROOT = packageRoot();
export const VERSION = (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;
/** SHA-256 of package-lock.json: which libraries this code runs with. */
export const LOCK_FILE = digest(readFileSync(join(PACKAGE_ROOT, 'package-lock.json')));
export const DEFAULT_POLICY = join(PACKAGE_ROOT, 'tuner', 'policies', 'default.yaml');
export const SCENARIOS = join(PACKAGE_ROOT, 'tuner', 'scenarios');

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export class BadEnvironmentError extends PlimsollError {
  override readonly name = 'Config.BadEnvironmentError';
}
