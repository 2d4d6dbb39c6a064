/**
 * Compiles governance/contracts/*.sol and OpenZeppelin's TimelockController to committed artifacts, so that running Plimsoll
 * needs no compiler and no Solidity library: `npm run contracts`. `test/governance/contracts.test.ts` recompiles and compares.
 *
 * Bytes depend on the sources, the compiler and the settings alone: no metadata hash is appended.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, digest, type Id } from '../base/id.ts';

export type Artifact = {
  readonly contract: string;
  readonly compiler: string;
  readonly library: string;
  readonly settings: unknown;
  /** Hash of every source compiled, library included. */
  readonly sources: Id;
  readonly abi: readonly unknown[];
  /** Selectors as the compiler computed them. */
  readonly selectors: Readonly<Record<string, string>>;
  readonly bytecode: `0x${string}`;
};

type Compiler = {
  version(): string;
  compile(input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }): string;
};
type Output = {
  readonly errors?: readonly {
    readonly severity: string;
    readonly formattedMessage: string;
    readonly sourceLocation?: { readonly file: string };
  }[];
  readonly contracts: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly abi: readonly unknown[];
            readonly evm: { readonly bytecode: { readonly object: string }; readonly methodIdentifiers: Readonly<Record<string, string>> };
          }
        >
      >
    >
  >;
};

const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'cancun',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.methodIdentifiers'] } },
} as const;

const TIMELOCK = '@openzeppelin/contracts/governance/TimelockController.sol';
const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../governance/contracts/', import.meta.url));

export const ARTIFACTS = path.join(folder, 'artifacts');

export function compile(): readonly Artifact[] {
  const solc = require('solc') as Compiler;
  const library = require('@openzeppelin/contracts/package.json') as { version: string };
  const own = readdirSync(folder).filter((name) => name.endsWith('.sol'));
  const read: Record<string, string> = Object.fromEntries(own.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(own.map((name) => [name, { content: read[name] }])),
    settings: SETTINGS,
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: open })) as Output;
  // The library's warnings (a future keyword) are its own; ours fail the build.
  const broken = (output.errors ?? [])
    .filter(({ severity, sourceLocation }) => severity === 'error' || own.includes(sourceLocation?.file ?? ''))
    .map(({ formattedMessage }) => formattedMessage);
  if (broken.length > 0) throw new Error(broken.join('\n'));

  const sources = digest(canonicalJson(Object.fromEntries(Object.entries(read).map(([name, text]) => [name, digest(text)]))));
  const wanted = [...own.map((name) => [name, name.replace('.sol', '')] as const), [TIMELOCK, 'TimelockController'] as const];
  return wanted.map(([file, contract]) => {
    const made = output.contracts[file]?.[contract];
    if (made === undefined) throw new Error(`${file} holds no contract named ${contract}`);
    return {
      contract,
      compiler: solc.version(),
      library: `OpenZeppelin Contracts ${library.version}`,
      settings: { optimizer: SETTINGS.optimizer, evmVersion: SETTINGS.evmVersion, metadata: SETTINGS.metadata },
      sources,
      abi: made.abi,
      selectors: made.evm.methodIdentifiers,
      bytecode: `0x${made.evm.bytecode.object}`,
    };
  });

  function open(name: string): { contents: string } | { error: string } {
    try {
      const contents = readFileSync(require.resolve(name), 'utf8');
      read[name] = contents;
      return { contents };
    } catch (cause) {
      return { error: cause instanceof Error ? cause.message : String(cause) };
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(ARTIFACTS, { recursive: true });
  for (const artifact of compile()) {
    writeFileSync(path.join(ARTIFACTS, `${artifact.contract}.json`), `${JSON.stringify(artifact, null, 2)}\n`);
    process.stdout.write(`${artifact.contract}: ${(artifact.bytecode.length - 2) / 2} bytes of creation code\n`);
  }
}
