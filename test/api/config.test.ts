import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Environment, read } from '../../api/config.ts';

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(read({})).toMatchObject({ host: '127.0.0.1', port: 4600, databaseUrl: null, redisUrl: null, logLevel: 'info', sampleRun: true });
  });

  it('takes what is given, empty counting as not given', () => {
    const config = read({ HOST: '0.0.0.0', PORT: '0', DATABASE_URL: 'postgres://a@b/c', REDIS_URL: '', WORKERS: '3' });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 0, databaseUrl: 'postgres://a@b/c', redisUrl: null, workers: 3 });
  });

  it('lists every mistake at once', () => {
    const bad = { PORT: '70000', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://x', WORKERS: '2.5' };
    expect(() => read(bad)).toThrow(/4 unusable variables.*PORT.*DATABASE_URL.*LOG_LEVEL.*WORKERS/s);
  });

  it('is listed whole in .env.example, defaults included', () => {
    const lines = readFileSync('.env.example', 'utf8')
      .split('\n')
      .filter((line) => /^[A-Z_]+=/.test(line));
    const listed = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));
    expect(Object.keys(listed).sort()).toEqual(Object.keys(Environment.shape).sort());
    const { dataDir: _folder, ...fromFile } = read(listed);
    const { dataDir: _default, ...fromNothing } = read({});
    expect(fromFile).toEqual(fromNothing);
  });
});
