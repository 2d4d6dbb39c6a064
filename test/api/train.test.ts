import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { open } from '../../api/model-store.ts';
import { isDue, stay, train } from '../../api/training.ts';
import { PURPOSE } from '../../base/random.ts';
import * as Garch from '../../models/garch.ts';
import { plimsoll } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-'));
afterAll(() => rmSync(folder, { recursive: true }));
let models = '';
let round = 0;
beforeEach(() => {
  round += 1;
  models = join(folder, `laws-${round}`);
});

const CALM = { mu: 0, omega: 0.02, alpha: 0.04, gamma: 0.02, beta: 0.9, nu: 6, lambda: null };
/** Shocks of the same size that hit twenty times as hard and die at once: a law fitted on the calm market is wrong about it. */
const WILD = { mu: 0, omega: 3, alpha: 0.4, gamma: 0, beta: 0.05, nu: 3, lambda: null };
const BARS = 2_400;

/** Four-hourly closes of two coins; from bar `wildFrom` on of another law. */
function market(name: string, wildFrom: number): string {
  const lines = ['A', 'B'].flatMap((asset, path) => {
    const calm = Garch.simulate(CALM, BARS, { seed: 5, purpose: PURPOSE.sampleMarket, path });
    const wild = Garch.simulate(WILD, BARS, { seed: 6, purpose: PURPOSE.sampleMarket, path });
    let level = Math.log(100);
    return Array.from({ length: BARS }, (_, t) => {
      level += (t < wildFrom ? calm[t]! : wild[t]!) / 100;
      return `${new Date(Date.UTC(2021, 0, 1) + t * 4 * 3_600_000).toISOString()},${asset},${Math.exp(level)}`;
    });
  });
  const file = join(folder, `${name}_4h.csv`);
  writeFileSync(file, `time,asset,close\n${lines.join('\n')}\n`);
  return file;
}
const steady = market('steady', BARS);
const broken = market('broken', 1_800);
const request = { asOf: null, holdoutDays: 60, significance: 1, seed: 1, forecaster: false };
const day = (bar: number) => new Date(Date.UTC(2021, 0, 1) + bar * 4 * 3_600_000).toISOString();

it('puts the first law in force, keeps it by its hash, and decides the same thing once', async () => {
  const first = await plimsoll(['train', steady, '--models', models, '--as-of', day(1_800), '--no-forecaster', '--json']);
  expect(first.code).toBe(0);
  const { verdict, inForce, decisions } = JSON.parse(first.stdout) as { verdict: string; inForce: string; decisions: number };
  expect([verdict, decisions]).toEqual(['promoted', 1]);
  expect(readdirSync(models).sort()).toEqual(['register.json', `${inForce.replace(':', '-')}.json`]);

  const again = () => train({ ...request, panel: steady, models, holdoutDays: 20 }, () => undefined);
  const [second, third] = [await again(), await again()];
  expect(second.isNew).toBe(true);
  expect(third.isNew).toBe(false);
  expect(third.store.register.decisions.length).toBe(2);
});

it('promotes a law that says better what came, and keeps the old one where the new is worse', async () => {
  // In force: the calm law. The market changed 100 days before the end; a law that has seen some of that does better on the rest.
  await train({ ...request, panel: broken, models, asOf: day(1_790) }, () => undefined);
  const better = await train({ ...request, panel: broken, models, holdoutDays: 45 }, () => undefined);
  expect(better.decision.verdict).toBe('promoted');
  expect(better.comparison!.challengerLoss).toBeLessThan(better.comparison!.inForceLoss);
  expect(better.comparison!.pValue).toBeLessThan(0.05);
  expect(better.store.inForce!.id).toBe(better.challenger.id);

  // In force: a law of the whole steady market. The challenger has seen only the other market, and is judged on the steady one.
  const other = join(folder, `laws-${round}-other`);
  await train({ ...request, panel: steady, models: other, asOf: day(1_790) }, () => undefined);
  const wild = await train({ ...request, panel: broken, models: join(folder, `laws-${round}-wild`), asOf: day(2_100) }, () => undefined);
  const { compare } = await import('../../models/training.ts');
  const { align } = await import('../../datasets/align.ts');
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const read = await readSeries(steady);
  const panel = align(read.series, { quote: read.quote, sources: read.sources, simulated: false });
  const judged = compare((await open(other)).inForce!, wild.challenger, panel, { fromMs: 0, significance: 1 });
  expect('isBetter' in judged && judged.isBetter).toBe(false);
  expect('isBetter' in judged && judged.challengerLoss > judged.inForceLoss).toBe(true);
});

it('asks for a refit where the market is another one, and not where it is the same', async () => {
  await train({ ...request, panel: steady, models, asOf: day(1_790) }, () => undefined);
  const same = await plimsoll(['train', steady, '--models', models, '--holdout', '90', '--check', '--json']);
  expect([same.code, (JSON.parse(same.stdout) as { verdict: string }).verdict]).toEqual([0, 'fresh']);
  const other = await plimsoll(['train', broken, '--models', models, '--holdout', '90', '--check', '--json']);
  const drift = JSON.parse(other.stdout) as { verdict: string; because: string[] };
  expect([other.code, drift.verdict]).toEqual([3, 'drifted']);
  expect(drift.because.length).toBeGreaterThan(0);
  const few = await plimsoll(['train', steady, '--models', models, '--holdout', '20', '--check', '--json']);
  expect([few.code, (JSON.parse(few.stdout) as { verdict: string }).verdict]).toEqual([3, 'too-few-bars']);
  const none = await plimsoll(['train', steady, '--models', join(folder, 'nowhere'), '--check', '--json']);
  expect([none.code, JSON.parse(none.stdout)]).toEqual([3, { verdict: 'no-law' }]);
});

it('compares on nothing that a law in force has seen', async () => {
  await train({ ...request, panel: steady, models }, () => undefined);
  const overlap = await train({ ...request, panel: steady, models, seed: 2 }, () => undefined);
  expect(overlap.decision.verdict).toBe('kept');
  expect(overlap.decision.says).toMatch(/^too-few-bars: 0 bars/);
});

it('refuses a law or a register that was changed, and leaves the folder as it was', async () => {
  const made = await train({ ...request, panel: steady, models, asOf: day(1_790) }, () => undefined);
  const law = join(models, `${made.challenger.id.replace(':', '-')}.json`);
  const text = readFileSync(law, 'utf8');
  writeFileSync(law, text.replace(/"omega":0\.\d/, '"omega":0.9'));
  const forged = await plimsoll(['train', steady, '--models', models, '--json']);
  expect([forged.code, (JSON.parse(forged.stdout) as { type: string }).type]).toEqual([1, 'ModelStore.DamagedError']);
  writeFileSync(law, text);
  writeFileSync(join(models, 'register.json'), '{"kind":"model-register"');
  await expect(open(models)).rejects.toMatchObject({ name: 'ModelStore.DamagedError' });
  expect(readdirSync(models).length).toBe(2);
});

it('writes nothing where a law is not what its name says, or another training decided meanwhile', async () => {
  const made = await train({ ...request, panel: broken, models, asOf: day(1_790) }, () => undefined);
  const store = await open(models);
  const before = readFileSync(join(models, 'register.json'), 'utf8');
  const challenger = { ...made.challenger, id: `sha256:${'1'.repeat(64)}` as const };
  await expect(
    store.decide(challenger, {
      asOf: day(1_790),
      challenger: challenger.id,
      inForceBefore: store.register.inForce,
      verdict: 'promoted',
      says: 'x',
    }),
  ).rejects.toMatchObject({ name: 'ModelStore.DamagedError' });
  expect(readFileSync(join(models, 'register.json'), 'utf8')).toBe(before);
  expect(readdirSync(models).length).toBe(2);

  const kept = {
    asOf: day(1_791),
    challenger: made.challenger.id,
    inForceBefore: store.register.inForce,
    verdict: 'kept' as const,
    says: 'x',
  };
  await (await open(models)).decide(made.challenger, kept);
  await expect(store.decide(made.challenger, kept)).rejects.toMatchObject({ name: 'ModelStore.OvertakenError' });
});

it('uses a law on no bars of another length and none before its as-of, and keeps the mark of a simulated market', async () => {
  const { carry, compare, drift } = await import('../../models/training.ts');
  const { align } = await import('../../datasets/align.ts');
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const { challenger: law } = await train({ ...request, panel: steady, models, asOf: day(1_790) }, () => undefined);
  const read = await readSeries(steady);
  const until = (asOf: string) => align(read.series, { quote: read.quote, sources: read.sources, simulated: false, asOf });
  const panel = until(day(2_000));
  const hourly = { ...law, stepSeconds: 3_600 };
  const step = expect.objectContaining({ name: 'Training.StepError' });
  expect(() => carry(hourly, panel)).toThrow(step);
  expect(() => drift(hourly, panel, 1e7)).toThrow(step);
  expect(() => compare(hourly, law, panel, { fromMs: 0, significance: 1 })).toThrow(step);
  expect(() => compare(law, hourly, panel, { fromMs: 0, significance: 1 })).toThrow(step);
  expect(() => carry(law, until(day(1_700)))).toThrow(expect.objectContaining({ name: 'Training.FutureError' }));
  expect(carry(law, until(law.asOf)).asOf).toBe(law.asOf);
  const twice = carry(carry(law, until(day(1_900))), panel);
  expect(twice.from).toEqual({ panel: panel.id, law: law.id });
  expect([carry(law, panel).simulated, carry({ ...law, simulated: true }, panel).simulated]).toEqual([false, true]);
});

it('holds back as many four-hourly bars as a comparison needs, unless told otherwise', async () => {
  await train({ ...request, panel: steady, models, asOf: day(1_790) }, () => undefined);
  const { comparison, decision } = await train({ ...request, panel: steady, models, holdoutDays: null }, () => undefined);
  expect(decision.says).not.toContain('too-few-bars');
  expect(comparison!.bars).toBe(240);
});

it('says where there is no law to use', async () => {
  for (const place of [join(folder, 'nothing-here'), folder]) {
    const { code, stdout } = await plimsoll(['run', '--model', place, '--json']);
    expect([code, (JSON.parse(stdout) as { type: string }).type]).toEqual([1, 'ModelStore.NoLawError']);
  }
});

it('stays: trains on new bars when due or drifted, and outlives bars that cannot be read', async () => {
  const panel = join(folder, `stay-${round}_4h.csv`);
  const trained: string[] = [];
  const troubles: string[] = [];
  const over = new Error('over');
  // What each pause leaves to be found: the same bars; no bars; 20 days more of the same market; the other market.
  const pauses = [
    () => undefined,
    () => writeFileSync(panel, 'time,asset,close\n'),
    () => until(steady, 1_900),
    () => until(broken, 2_020),
    () => {
      throw over;
    },
  ];
  const until = (file: string, bar: number) =>
    writeFileSync(
      panel,
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('time') || line < day(bar))
        .join('\n'),
    );
  until(steady, 1_790);
  const pause = async () => pauses.shift()!();
  const onTrained = ({ decision }: { decision: { asOf: string } }) => trained.push(decision.asOf);
  const staying = stay(
    { ...request, panel, models },
    { everyDays: 15, pause, onTrained, onTrouble: (says) => troubles.push(says) },
    () => undefined,
  );
  await expect(staying).rejects.toBe(over);
  expect(trained).toEqual([1_790, 1_900, 2_020].map((bar) => day(bar)));
  expect(troubles[0]).toMatch(/Error: /);
  expect(troubles.at(-1)).toMatch(/^drifted: /);
});

it('trains on new bars only: at once where the law drifted, else when the last decision is old', () => {
  const decision = {
    asOf: day(0),
    challenger: `sha256:${'1'.repeat(64)}` as const,
    inForceBefore: null,
    verdict: 'promoted' as const,
    says: '',
  };
  const register = { kind: 'model-register' as const, inForce: decision.challenger, decisions: [decision] };
  const drift = (verdict: 'fresh' | 'drifted', bar: number) => ({
    register,
    drift: { inForceAsOf: day(0), from: day(0), to: day(bar), verdict, because: [], assets: [] },
  });
  expect(isDue({ register, drift: null }, 7)).toBe(true);
  expect([isDue(drift('drifted', 0), 7), isDue(drift('drifted', 1), 7)]).toEqual([false, true]);
  expect([isDue(drift('fresh', 41), 7), isDue(drift('fresh', 42), 7)]).toEqual([false, true]);
});
