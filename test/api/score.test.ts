import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import { PURPOSE } from '../../base/random.ts';
import * as Garch from '../../models/garch.ts';

const folder = mkdtempSync(join(tmpdir(), 'score-'));
const file = join(folder, 'A_1d.csv');
const truth = { mu: 0, omega: 0.5, alpha: 0.05, gamma: 0.05, beta: 0.85, nu: 5, lambda: null };
let level = Math.log(100);
const lines = Array.from(Garch.simulate(truth, 760, { seed: 2, purpose: PURPOSE.sampleMarket, path: 1 }), (r, day) => {
  level += r / 100;
  return `${new Date(Date.UTC(2021, 0, 1 + day)).toISOString()},A,${Math.exp(level)}`;
});
writeFileSync(file, `time,asset,close\n${lines.join('\n')}\n`);
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return { code: await main(['score', file, ...args]), out };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

it('scores every forecaster at every level, as JSON', async () => {
  const { code, out } = await run('--horizon', '1', '--refit', '60', '--level', '0.05', '--level', '0.1', '--from', '2022-11-01', '--json');
  expect(code).toBe(0);
  const answer = JSON.parse(out) as { horizonBars: number; window: { from: string; to: string }; rows: Record<string, unknown>[] };
  expect(answer.horizonBars).toBe(1);
  expect(answer.window.from).toBe('2022-11-01T00:00:00.000Z');
  expect(answer.rows).toHaveLength(2 * 7);
  expect(Object.keys(answer.rows[0]!)).toEqual(
    expect.arrayContaining(['asset', 'forecaster', 'level', 'observations', 'hits', 'kupiecP', 'christoffersenP', 'fz0', 'pinball']),
  );
  expect(answer.rows.every((row) => row['observations'] === answer.rows[0]!['observations'])).toBe(true);
});

it('names what it cannot score', async () => {
  expect((await run('--assets', 'B', '--json')).out).toContain('Score.NoSuchAssetError');
  expect((await run('--from', '2023-01-30', '--json')).out).toContain('Score.NothingScoredError');
  expect((await run('--from', 'soon', '--json')).out).toContain('Voyage.BadTimeError');
  expect((await run('--level', '0.7')).code).toBe(2);
});
