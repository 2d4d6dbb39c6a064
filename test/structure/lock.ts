/** What `package-lock.json` must hold so that `npm ci` works for everybody: all platforms, no host, known scripts. */

export type LockedPackage = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
export type Lock = { readonly packages: Readonly<Record<string, LockedPackage>> };

/** Where people run this. Name fragments differ by package: every spelling of one platform counts. */
const PLATFORMS: Readonly<Record<string, readonly [os: string, cpu: string]>> = {
  'macOS on Apple silicon': ['darwin', 'arm64'],
  'macOS on Intel': ['darwin', 'x64'],
  'Windows on x64': ['win32', 'x64'],
  'Linux on x64': ['linux', 'x64'],
  'Linux on arm64': ['linux', 'arm64'],
};

/** Packages that are nothing without a binary of the platform. */
export const NATIVE = [
  '@duckdb/node-bindings',
  '@biomejs/biome',
  'esbuild',
  '@foundry-rs/anvil',
  '@foundry-rs/forge',
  'typescript',
  'oxc-parser',
  'oxc-resolver',
  'rolldown',
  'lightningcss',
] as const;

/** Optional packages named by a locked package but not locked themselves: `npm ci` refuses such a lock. */
export function missingOptionals({ packages }: Lock): readonly string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => resolve(packages, path, name) === null)
      .map((name) => `${name}, wanted by ${path || 'the project'}, is not in the lock file`),
  );
}

export function missingPlatforms({ packages }: Lock, natives: readonly string[]): readonly string[] {
  return natives.flatMap((name) => {
    const path = `node_modules/${name}`;
    const entry = packages[path];
    if (entry === undefined) return [`${name} is not in the lock file`];
    const variants = Object.keys(entry.optionalDependencies ?? {}).map((variant) => packages[resolve(packages, path, variant) ?? '']);
    return Object.entries(PLATFORMS)
      .filter(([, [os, cpu]]) => !variants.some((variant) => variant?.os?.includes(os) && variant.cpu?.includes(cpu)))
      .map(([platform]) => `${name} has no binary for ${platform}`);
  });
}

export function namedHosts({ packages }: Lock): readonly string[] {
  return Object.entries(packages)
    .filter(([path, { resolved }]) => path !== '' && resolved !== undefined)
    .map(([path, { resolved }]) => `${path} is tied to ${resolved}`);
}

/** A package without a hash is installed unchecked: each such is named here with its reason, or found. */
export function uncheckedPackages({ packages }: Lock, known: readonly string[]): readonly string[] {
  return Object.entries(packages)
    .filter(([path, { integrity }]) => path !== '' && integrity === undefined && !known.includes(path.replace('node_modules/', '')))
    .map(([path]) => `${path} has no hash`);
}

/** A script that runs at install is a decision: allowed or denied by name in package.json. */
export function undecidedScripts({ packages }: Lock, decisions: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.split('node_modules/').at(-1) ?? path)
    .filter((name) => !(name in decisions) && name !== 'fsevents');
}

function resolve(packages: Lock['packages'], from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (at === '') return null;
  }
}
