import { describe, expect, it } from 'vitest';
import * as Lock from './lock.ts';
import { read } from './tree.ts';

const lock = JSON.parse(read('package-lock.json')) as Lock.Lock;
const manifest = JSON.parse(read('package.json')) as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly scripts: Readonly<Record<string, string>>;
};

/** Published, but not in the registry mirror that the lock was made from: locked by version, without a hash. */
const WITHOUT_HASH = ['darwin-amd64', 'darwin-arm64', 'linux-arm64', 'win32-amd64'].map((platform) => `@foundry-rs/anvil-${platform}`);

function without(path: string): Lock.Lock {
  const { [path]: _gone, ...packages } = lock.packages;
  return { packages };
}

describe('the lock file', () => {
  it('locks every optional package: npm ci refuses one that does not', () => {
    expect(Lock.missingOptionals(lock)).toEqual([]);
    expect(Lock.missingOptionals(without('node_modules/@biomejs/cli-darwin-arm64'))).toHaveLength(1);
  });

  it('has binaries for macOS, Windows and Linux', () => {
    expect(Lock.missingPlatforms(lock, Lock.NATIVE)).toEqual([]);
    expect(Lock.missingPlatforms(without('node_modules/@duckdb/node-bindings-win32-x64'), Lock.NATIVE)).toEqual([
      '@duckdb/node-bindings has no binary for Windows on x64',
    ]);
    expect(Lock.missingPlatforms(lock, ['zod'])).toHaveLength(5);
  });

  it('names no host', () => {
    expect(Lock.namedHosts(lock)).toEqual([]);
    expect(Lock.namedHosts({ packages: { 'node_modules/x': { resolved: 'https://example.org/x.tgz' } } })).toHaveLength(1);
  });

  it('checks what it installs by hash', () => {
    expect(Lock.uncheckedPackages(lock, WITHOUT_HASH)).toEqual([]);
    expect(Lock.uncheckedPackages(lock, [])).toHaveLength(WITHOUT_HASH.length);
  });

  it('runs no install script that nobody decided about', () => {
    expect(Lock.undecidedScripts(lock, manifest.allowScripts)).toEqual([]);
    expect(Lock.undecidedScripts(lock, {})).toContain('esbuild');
  });
});
