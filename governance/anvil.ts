/**
 * Anvil: one local EVM node from npm, for as long as one piece of work needs it.
 *
 * The binary lies inside the platform package of `@foundry-rs/anvil`; it listens on 127.0.0.1 at a port the system chooses.
 * It ends with `stop()`, with the abort signal, and with this process however that ends: a shell holds the reading end of a
 * pipe whose writing end is ours, and kills the node when the pipe closes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PlimsollError, quote } from '../base/errors.ts';

export type Anvil = { readonly url: string; stop(): Promise<void> };
export type AnvilOptions = Beginning & {
  readonly signal?: AbortSignal;
  /** Where the binary is, if not in node_modules. */
  readonly binary?: string;
};
/** An empty chain (`genesisSeconds`: time of block 0, Unix), or a copy of another as it is at a block: nothing is sent to that node. */
export type Beginning =
  | { readonly chainId: number; readonly genesisSeconds: number }
  | { readonly forkUrl: string; readonly forkBlock: bigint };

export async function startAnvil({ signal, binary = findAnvil(), ...beginning }: AnvilOptions): Promise<Anvil> {
  signal?.throwIfAborted();
  const from =
    'forkUrl' in beginning
      ? ['--fork-url', beginning.forkUrl, '--fork-block-number', String(beginning.forkBlock), '--no-storage-caching']
      : ['--chain-id', String(beginning.chainId), '--timestamp', String(beginning.genesisSeconds)];
  const args = ['--host', '127.0.0.1', '--port', '0', '--no-cors', ...from];
  const child = process.platform === 'win32' ? spawn(binary, args) : spawn('sh', ['-c', TETHER, binary, ...args]);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    signal?.removeEventListener('abort', stop);
    child.stdin?.destroy();
    if (process.platform === 'win32') child.kill();
    await ended;
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const port = await listening(child, binary, signal);
    return { url: `http://127.0.0.1:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The path of the binary npm installed for this platform. Its sibling `forge` lies in the same way; only tests use it. */
export function findAnvil(platform: string = process.platform, arch: string = process.arch, tool: 'anvil' | 'forge' = 'anvil'): string {
  const name = `@foundry-rs/${tool}-${platform}-${arch === 'x64' ? 'amd64' : arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve(`@foundry-rs/${tool}/package.json`);
    const folder = path.dirname(createRequire(wrapper).resolve(`${name}/package.json`));
    const binary = path.join(folder, 'bin', platform === 'win32' ? `${tool}.exe` : tool);
    accessSync(binary, constants.X_OK);
    return binary;
  } catch (cause) {
    throw new NotInstalledError({
      got: `no executable in ${name}`,
      needed: tool === 'anvil' ? 'anvil, the local EVM node that rehearses a proposal' : 'forge, which runs the tests of the contracts',
      fix: `Run \`npm ci\` (with optional dependencies) on a platform ${name} exists for, or skip ${tool === 'anvil' ? 'the rehearsal' : 'them'}.`,
      cause,
    });
  }
}

const START_TIMEOUT_MS = 20_000;

const TETHER = 'exec 3<&0; "$0" "$@" & node=$!; (cat <&3 >/dev/null; kill -9 $node 2>/dev/null) & wait $node';

function listening(child: ChildProcess, binary: string, signal: AbortSignal | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (got: string, cause?: unknown): void => {
      clearTimeout(timer);
      const aborted = signal?.aborted === true;
      const failure = new DidNotStartError({
        got,
        needed: 'a node that listens',
        where: binary,
        cause,
        fix: 'Run the binary by hand to see why.',
      });
      reject(aborted ? signal.reason : failure);
    };
    const timer = setTimeout(() => fail(`nothing within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-4_000);
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    // Both streams are read to the end: a full pipe would stop the node.
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', (cause) => fail(cause.message, cause));
    child.once('exit', (code) => fail(`exit ${code}: ${quote(output.trim().split('\n').at(-1) ?? '')}`));
  });
}

export class NotInstalledError extends PlimsollError {
  override readonly name = 'Anvil.NotInstalledError';
}

export class DidNotStartError extends PlimsollError {
  override readonly name = 'Anvil.DidNotStartError';
}
