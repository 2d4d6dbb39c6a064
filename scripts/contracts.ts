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
  /** Which variable lies where, so that a change of it shows in review. */
  readonly storage: readonly string[];
  /** Libraries whose address stands in the code at these bytes. */
  readonly links: Links;
  /** Bytes of code on chain. */
  readonly size: number;
  /** Creation code; `__$…$__` where a library's address belongs. */
  readonly bytecode: `0x${string}`;
};
export type Links = Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>;

type Compiler = {
  version(): string;
  compile(input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }): string;
};
type Code = { readonly object: string; readonly linkReferences: Readonly<Record<string, Links>> };
type Layout = { readonly storage: readonly Slot[]; readonly types: Readonly<Record<string, Type>> | null };
type Type = { readonly label: string; readonly members?: readonly Slot[] };
type Slot = { readonly label: string; readonly slot: string; readonly offset: number; readonly type: string };
type Made = {
  readonly abi: readonly unknown[];
  readonly storageLayout: Layout;
  readonly evm: {
    readonly bytecode: Code;
    readonly deployedBytecode: Code;
    readonly methodIdentifiers: Readonly<Record<string, string>>;
  };
};
type Output = {
  readonly errors?: readonly {
    readonly severity: string;
    readonly formattedMessage: string;
    readonly sourceLocation?: { readonly file: string };
  }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, Made>>>>;
};

const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'cancun',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
} as const;

const OUTPUTS = ['abi', 'storageLayout', 'evm.bytecode', 'evm.deployedBytecode', 'evm.methodIdentifiers'];

const TIMELOCK = '@openzeppelin/contracts/governance/TimelockController.sol';
/** What is deployed: everything else is a part of these. */
const WANTED = [
  'GovernanceToken.sol',
  'LoadLineGovernor.sol',
  'RiskParameterRegistry.sol',
  'guard/AaveV3Market.sol',
  'guard/Limits.sol',
  'guard/Policies.sol',
  'guard/RegistryMarket.sol',
  'guard/RiskGuard.sol',
  TIMELOCK,
] as const;
const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../governance/contracts/', import.meta.url));

export const ARTIFACTS = path.join(folder, 'artifacts');

/** Our sources by the name they are imported under. */
export function ownSources(): Readonly<Record<string, string>> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.sol')).map(posix);
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

/**
 * For a release every warning in our sources is an error. A draft, such as a mutant, may warn, and is not optimized: that takes half
 * of the time. `own` may be sources with a change, and `wanted` some of the contracts.
 */
export function compile(
  own: Readonly<Record<string, string>> = ownSources(),
  wanted: readonly string[] = WANTED,
  quality: 'release' | 'draft' = 'release',
): readonly Artifact[] {
  const solc = require('solc') as Compiler;
  const library = require('@openzeppelin/contracts/package.json') as { version: string };
  const read: Record<string, string> = {};
  // What is not asked for is not generated: that is most of the time a compilation takes.
  const outputSelection = Object.fromEntries(wanted.map((file) => [file, { [nameOf(file)]: OUTPUTS }]));
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(wanted.map((file) => [file, { content: contentOf(file) }])),
    settings: { ...SETTINGS, optimizer: { ...SETTINGS.optimizer, enabled: quality === 'release' }, outputSelection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: open })) as Output;
  // The library's warnings (a future keyword) are its own; ours fail the build.
  const broken = (output.errors ?? [])
    .filter(({ severity, sourceLocation }) => severity === 'error' || (quality === 'release' && (sourceLocation?.file ?? '') in own))
    .map(({ formattedMessage }) => formattedMessage);
  if (broken.length > 0) throw new Error(broken.join('\n'));

  const sources = digest(canonicalJson(Object.fromEntries(Object.entries(read).map(([name, text]) => [name, digest(text)]))));
  return wanted.map((file) => {
    const contract = nameOf(file);
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
      storage: layout(made.storageLayout),
      links: Object.assign({}, ...Object.values(made.evm.bytecode.linkReferences)) as Links,
      size: made.evm.deployedBytecode.object.length / 2,
      bytecode: `0x${made.evm.bytecode.object}`,
    };
  });

  function contentOf(name: string): string {
    const content = own[name] ?? readFileSync(require.resolve(name), 'utf8');
    read[name] = content;
    return content;
  }

  function open(name: string): { contents: string } | { error: string } {
    try {
      return { contents: contentOf(name) };
    } catch (cause) {
      return { error: cause instanceof Error ? cause.message : String(cause) };
    }
  }
}

/** The compiler numbers types by their place in the sources: names say the same and do not move. Of structs, what lies in them. */
function layout({ storage, types }: Layout): readonly string[] {
  const line = ({ label, slot, offset, type }: Slot) => `${slot}+${offset} ${types?.[type]?.label ?? type} ${label}`;
  const structs = Object.values(types ?? {}).filter(({ members }) => members !== undefined);
  structs.sort((a, b) => (a.label < b.label ? -1 : 1));
  return [...storage.map(line), ...structs.flatMap(({ label, members = [] }) => members.map((member) => `${label}: ${line(member)}`))];
}

function nameOf(file: string): string {
  return path.posix.basename(file, '.sol');
}

function posix(name: string): string {
  return name.split(path.sep).join('/');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(ARTIFACTS, { recursive: true });
  for (const artifact of compile()) {
    writeFileSync(path.join(ARTIFACTS, `${artifact.contract}.json`), `${JSON.stringify(artifact, null, 2)}\n`);
    process.stdout.write(`${artifact.contract}: ${artifact.size} bytes on chain\n`);
  }
}
