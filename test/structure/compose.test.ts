import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Environment } from '../../api/config.ts';
import * as Compose from './compose.ts';
import { codeFiles, ROOT, read } from './tree.ts';

const text = read('docker-compose.yml');
const known = Object.keys(Environment.shape);
const judge = (changed: string) => Compose.violations(Compose.load(changed), known);

describe('docker-compose.yml', () => {
  it('keeps every rule', () => {
    expect(judge(text)).toEqual([]);
  });

  it('gives the program every variable that a deployment sets', () => {
    const { api } = Compose.load(text).services;
    expect(Object.keys(api?.environment ?? {}).sort()).toEqual([...known].sort());
  });

  it.each([
    ['an open port', '"127.0.0.1:', '"0.0.0.0:'],
    ['a floating tag', 'redis:7.2.10-bookworm', 'redis:latest'],
    ['a default password', 'POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}@', 'POSTGRES_PASSWORD:-plimsoll}@'],
    ['a variable nobody reads', 'RATE_LIMIT:', 'RATE_LIMITS:'],
    ['root', 'user: postgres', 'user: root'],
    ['an impatient start', 'postgres: { condition: service_healthy }', 'postgres: { condition: service_started }'],
  ])('a planted fault is found: %s', (_name, was, becomes) => {
    expect(text).toContain(was);
    expect(judge(text.replace(was, becomes)).length).toBeGreaterThan(0);
  });
});

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('pins its base, drops root, checks its health and installs from the lock', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases.length).toBeGreaterThan(1);
    for (const base of bases) expect(base).toMatch(/^node:\d+\.\d+\.\d+-/);
    expect(dockerfile.lastIndexOf('\nUSER node')).toBeGreaterThan(dockerfile.lastIndexOf('\nFROM '));
    expect(dockerfile).toMatch(/^RUN npm ci\b/m);
    expect(dockerfile).not.toMatch(/npm install\b/);
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
  });

  it('copies what the program reads at run time, and nothing that is not there', () => {
    const copied = [...dockerfile.matchAll(/^COPY --from=\w+ --chown=\S+ (.+) \S+$/gm)].flatMap(([, paths]) => paths?.split(' ') ?? []);
    const built = ['/app/node_modules', '/app/dist', '/app/web/dist'];
    for (const path of copied.filter((path) => !built.includes(path)))
      expect(existsSync(join(ROOT, path.replace('/app/', ''))), path).toBe(true);

    const api = codeFiles().filter(({ path }) => path.startsWith('api/'));
    const needed = api
      .flatMap(({ text }) => [...text.matchAll(/join\(PACKAGE_ROOT, ((?:'[^']+'(?:, )?)+)\)/g)])
      .map(([, parts]) => `/app/${parts?.replaceAll("'", '').split(', ').join('/')}`);
    expect(needed.length).toBeGreaterThan(3);
    for (const path of needed)
      expect(
        copied.some((folder) => path === folder || path.startsWith(`${folder}/`)),
        path,
      ).toBe(true);
  });
});
