import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { binance } from '../../../datasets/sources/binance.ts';
import { type Downloaded, download } from '../../../datasets/sources/download.ts';
import { readSeries } from '../../../datasets/sources/files.ts';
import { barOf, binanceAnswer, HOUR_MS, type Host, host, json, quick, stoppedClock } from './host.ts';

const FROM_MS = Date.parse('2024-01-01T00:00:00Z');
const HOURS = 3000;
const TO_MS = FROM_MS + HOURS * HOUR_MS;
const PART_BARS = 250;

type Reply = typeof binanceAnswer;

let folder = '';
let open: Host | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-download-'));
});
afterEach(async () => {
  await open?.stop();
  open = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function pull(answer: Reply, toMs = TO_MS, nowMs = TO_MS + HOUR_MS, into = folder): Promise<Downloaded> {
  await open?.stop();
  open = await host(answer);
  const request = { asset: 'BTC', quote: 'USDT', stepSeconds: 3600, fromMs: FROM_MS, toMs };
  const http = quick(stoppedClock(nowMs), { attempts: 1 });
  return await download(http, binance(open.address), request, into, { partBars: PART_BARS });
}

async function timesIn(path: string): Promise<number[]> {
  const { series } = await readSeries(path);
  return series.flatMap(({ timesMs }) => [...timesMs]);
}

async function bytesOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(path)).sort()) hash.update(name).update(await readFile(join(path, name)));
  return hash.digest('hex');
}

describe('download', () => {
  it('writes parts that the file reader takes as they are', async () => {
    const done = await pull(binanceAnswer);
    expect(done).toMatchObject({ rows: HOURS, unfinished: 0, notes: [expect.stringMatching(/clock/)] });
    const { series, quote } = await readSeries(folder);
    expect([quote, ...new Set(series.map(({ asset }) => asset))]).toEqual(['USDT', 'BTC']);
    expect(await timesIn(folder)).toEqual(Array.from({ length: HOURS }, (_, index) => FROM_MS + index * HOUR_MS));
    expect(series.at(-1)?.close.at(-1)).toBe(barOf(TO_MS - HOUR_MS).close);
  });

  it('goes on after a failure at any page, to the same bytes', async () => {
    await pull(binanceAnswer);
    const whole = await bytesOf(folder);
    for (const failAt of [1, 2, 7, 12]) {
      const again = await mkdtemp(join(tmpdir(), 'plimsoll-download-'));
      let count = 0;
      const failing: Reply = (url, response) => {
        count += 1;
        if (count === failAt) response.writeHead(500).end();
        else binanceAnswer(url, response);
      };
      await expect(pull(failing, TO_MS, TO_MS + HOUR_MS, again)).rejects.toMatchObject({ name: 'Http.StatusError' });
      await pull(binanceAnswer, TO_MS, TO_MS + HOUR_MS, again);
      expect(open?.asked).toHaveLength(HOURS / PART_BARS - (failAt - 1));
      expect(await bytesOf(again)).toBe(whole);
      await rm(again, { recursive: true });
    }
  });

  it('killed again and again it still ends with the same bytes', async () => {
    await pull(binanceAnswer);
    const whole = await bytesOf(folder);
    const killed = await mkdtemp(join(tmpdir(), 'plimsoll-download-'));
    await open?.stop();
    let answered = 0;
    open = await host(async (url, response) => {
      await wait(30);
      answered += 1;
      binanceAnswer(url, response);
    });
    const child = fileURLToPath(new URL('./download-child.ts', import.meta.url));
    const args = ['--import', 'tsx', child, open.address, killed, String(FROM_MS), String(TO_MS), String(PART_BARS)];
    let kills = 0;
    for (let code: number | null = null; code !== 0; ) {
      const before = answered;
      const running = spawn(process.execPath, args, { stdio: 'inherit' });
      const ended = new Promise<number | null>((resolve) => running.once('exit', resolve));
      // Three times in mid-air, at other moments each, then left alone.
      while (kills < 3 && answered < before + 2 + kills && running.exitCode === null) await wait(3);
      if (kills < 3) kills += Number(running.kill('SIGKILL'));
      code = await ended;
      expect(code === 0 || code === null).toBe(true);
    }
    expect(kills).toBe(3);
    expect(answered).toBeGreaterThan(HOURS / PART_BARS);
    expect(answered).toBeLessThan(2 * (HOURS / PART_BARS));
    for (const name of await readdir(killed)) if (name.endsWith('.part')) await rm(join(killed, name));
    expect(await bytesOf(killed)).toBe(whole);
    await rm(killed, { recursive: true });
  });

  it('leaves the running bar for the next time', async () => {
    const nowMs = FROM_MS + 300.5 * HOUR_MS;
    const first = await pull(onTime(nowMs), TO_MS, nowMs);
    expect([first.rows, first.unfinished]).toEqual([300, 1]);
    expect(await timesIn(folder)).toHaveLength(300);
    const second = await pull(onTime(TO_MS + HOUR_MS));
    expect([second.rows, open?.asked.length]).toEqual([HOURS, 11]);
    expect(await timesIn(folder)).toHaveLength(HOURS);
  });

  it('another end keeps the parts that are whole; another beginning is another download', async () => {
    await pull(binanceAnswer, FROM_MS + 600 * HOUR_MS);
    const more = await pull(binanceAnswer, FROM_MS + 800 * HOUR_MS);
    expect([more.rows, open?.asked.length]).toEqual([800, 2]);
    const http = quick(stoppedClock(TO_MS));
    const other = { asset: 'BTC', quote: 'USDT', stepSeconds: 3600, fromMs: FROM_MS + HOUR_MS, toMs: TO_MS };
    const mixed = download(http, binance(open!.address), other, folder, { partBars: PART_BARS });
    await expect(mixed).rejects.toMatchObject({ name: 'Download.OtherRequestError' });
  });

  it('refuses parts changed behind its back, a cursor that is none, and a range without a bar', async () => {
    const done = await pull(binanceAnswer);
    const part = join(folder, done.parts[3]!.file);
    await writeFile(part, (await readFile(part)).subarray(0, 100));
    await expect(pull(binanceAnswer)).rejects.toMatchObject({ name: 'Download.ChangedPartError' });
    const cursor = (await readdir(folder)).find((name) => name.endsWith('cursor.json'))!;
    await writeFile(join(folder, cursor), '{"request":');
    await expect(pull(binanceAnswer)).rejects.toMatchObject({ name: 'Download.CursorError' });
    await expect(pull(binanceAnswer, FROM_MS)).rejects.toMatchObject({ name: 'Download.EmptyRangeError' });
  });
});

/** Binance as it was at a moment: no bar that had not opened. */
function onTime(nowMs: number): Reply {
  return (url, response) => {
    response.setHeader('date', new Date(nowMs).toUTCString());
    if (Number(url.searchParams.get('startTime')) > nowMs) return json(response, []);
    url.searchParams.set('endTime', String(Math.min(nowMs, Number(url.searchParams.get('endTime')))));
    return binanceAnswer(url, response);
  };
}
