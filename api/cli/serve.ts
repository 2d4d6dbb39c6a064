/** `plimsoll serve`: API, page and worker in one process. It listens before anything slow begins. */
import type { Command } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import * as Config from '../config.ts';
import { log as makeLog } from '../log.ts';
import { DEFAULT_OPTIONS } from '../options.ts';
import type { Service } from '../service.ts';
import { say, wholeNumber } from './terminal.ts';

type Flags = { readonly host?: string; readonly port?: number; readonly work: boolean; readonly sample: boolean };

/** Long enough for a cancelled run to let go of its threads and its chain. */
const DRAIN_MS = 8_000;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('serve')
    .description('API, page and worker in one process, on embedded stores unless DATABASE_URL or REDIS_URL is set')
    .option('--host <address>', 'address to listen on (default: HOST, else 127.0.0.1)')
    .option('--port <n>', 'port to listen on; 0 takes a free one (default: PORT, else 4600)', wholeNumber(0, 65_535))
    .option('--no-work', 'API and page only; workers run elsewhere')
    .option('--no-sample', 'do not run the built-in sample on an empty store')
    .addHelpText('after', '\nExample:\n  $ HOST=0.0.0.0 PORT=8080 plimsoll serve\n')
    .action(async (flags: Flags) => end(await action(flags)));
}

async function action(flags: Flags): Promise<number> {
  const read = Config.read(process.env);
  const config = { ...read, host: flags.host ?? read.host, port: flags.port ?? read.port, sampleRun: read.sampleRun && flags.sample };
  const log = makeLog(config.logLevel);
  const { build } = await import('../server.ts');
  let service: Service | null = null;
  const app = await build({ service: () => service, log, rateLimit: config.rateLimit });
  const address = await app.listen({ host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
    throw new CannotListenError({
      got: error.code ?? error.message,
      needed: 'a free address and port of this machine',
      where: `${config.host}:${config.port}`,
      fix: 'Choose another HOST or PORT; PORT=0 takes a free one.',
      cause: error,
    });
  });
  say(`Plimsoll ${Config.VERSION} is at ${address}`);

  const { start } = await import('../service.ts');
  service = start({ config, log, work: flags.work, sample: DEFAULT_OPTIONS });
  const { default: closeWithGrace } = await import('close-with-grace');
  let exitCode = 0;
  return new Promise((resolve) => {
    const grace = closeWithGrace({ delay: DRAIN_MS, logger: false }, async ({ err, signal }) => {
      if (err !== undefined) {
        log.fatal({ err }, 'stopping');
        exitCode = 1;
      } else if (signal !== undefined) log.info({ signal }, 'draining');
      // Streams of progress end with their connections; without this they would hold the server open.
      app.server.closeIdleConnections();
      const closing = app.close();
      app.server.closeAllConnections();
      await closing;
      await service?.close();
      // Left to itself, close-with-grace ends a process that it was asked to close with 0, also where the service failed.
      if (exitCode !== 0) process.exit(exitCode);
      resolve(exitCode);
    });
    service?.ready.catch((error: unknown) => {
      log.fatal({ err: error }, 'the service could not start');
      exitCode = 1;
      say(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      grace.close();
    });
  });
}

export class CannotListenError extends PlimsollError {
  override readonly name = 'Serve.CannotListenError';
}
