import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as Decimal from '../../../datasets/sources/decimal.ts';
import type * as Http from '../../../datasets/sources/http.ts';
import * as Pace from '../../../datasets/sources/pace.ts';
import { type Answer, type Host, host, json, quick, stoppedClock } from './host.ts';

const NOW_MS = Date.parse('2024-03-01T12:00:00Z');
const Price = z.object({ price: Decimal.Price });

let open: Host | undefined;
afterEach(async () => {
  await open?.stop();
  open = undefined;
});

async function ask(answer: Answer, options: Http.HttpOptions = {}) {
  open = await host(answer);
  const clock = stoppedClock(NOW_MS);
  const reply = quick(clock, { clock, ...options }).get(new URL(`${open.address}/x`), Price);
  const settled = await reply.then(
    (value) => ({ value, error: null }),
    (error: unknown) => ({ value: null, error: error as Error }),
  );
  return { ...settled, waits: clock.waits, asked: open.asked.length };
}

/** Fails `times` times, then answers well. */
function afterFailures(times: number, fail: Answer): Answer {
  let count = 0;
  return (url, response, request) => {
    count += 1;
    if (count <= times) fail(url, response, request);
    else json(response, { price: '101.5' });
  };
}

describe('Http', () => {
  it('gives a checked value with the clock of the host', async () => {
    const { value } = await ask((_, response) => json(response, { price: '101.5' }, { date: 'Fri, 01 Mar 2024 12:00:42 GMT' }));
    expect(value).toEqual({ value: { price: 101.5 }, receivedMs: NOW_MS, skewMs: 42_000 });
  });

  it('asks again after 429, as late as Retry-After says', async () => {
    const busy: Answer = (_, response) => response.writeHead(429, { 'retry-after': '7' }).end('slow down');
    const { value, waits, asked } = await ask(afterFailures(2, busy));
    expect(value?.value.price).toBe(101.5);
    expect(asked).toBe(3);
    expect(waits).toEqual([7000, 7000]);
  });

  it('reads Retry-After as a date too, and gives up where the pause is too long', async () => {
    expect(Pace.retryAfterMs('Fri, 01 Mar 2024 12:01:00 GMT', NOW_MS)).toBe(60_000);
    expect(Pace.retryAfterMs('soon', NOW_MS)).toBeNull();
    const { error, asked, waits } = await ask((_, response) => response.writeHead(418 + 11, { 'retry-after': '86400' }).end());
    expect(error?.name).toBe('Http.StatusError');
    expect(error?.message).toContain('86400 s');
    expect([asked, waits.length]).toEqual([1, 0]);
  });

  it('asks again after 5xx with pauses that grow, with jitter, up to a cap', async () => {
    const { value, waits } = await ask(afterFailures(5, (_, response) => response.writeHead(503).end()));
    expect(value?.value.price).toBe(101.5);
    expect(waits).toEqual([250, 500, 1000, 2000, 4000]);
    const clock = stoppedClock(0, 0.999999);
    expect(Pace.backoffMs(clock, { baseMs: 500, capMs: 30_000 }, 40)).toBe(29_999);
    expect(Pace.backoffMs(stoppedClock(0, 0), { baseMs: 500, capMs: 30_000 }, 40)).toBe(0);
  });

  it('gives up after the last attempt with what it got', async () => {
    const { error, asked } = await ask((_, response) => response.writeHead(500).end());
    expect(error?.name).toBe('Http.StatusError');
    expect(asked).toBe(6);
  });

  it.each([
    ['Http.StatusError', 'status 404', (_u, response) => response.writeHead(404).end()],
    ['Http.RedirectError', 'elsewhere', (_u, response) => response.writeHead(302, { location: 'http://elsewhere.test/' }).end()],
    ['Http.ContentTypeError', 'text/html', (_u, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['Http.ReplyError', 'x, price', (_u, response) => json(response, { price: '-1' })],
    ['Http.ReplyError', 'x, price', (_u, response) => json(response, { cost: '1' })],
    [
      'Http.ReplyTooLargeError',
      'more than 64',
      (_u, response) => json(response, { price: '1', pad: 'x'.repeat(100) }, { 'transfer-encoding': 'chunked' }),
    ],
    [
      'Http.ReplyTooLargeError',
      'promise of',
      (_u, response) => response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99999' }).end('{'),
    ],
    [
      'Http.ReplyTooLargeError',
      'more than 64',
      (_u, response) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify({ price: '1', pad: ' '.repeat(100_000) }))),
    ],
  ] satisfies [string, string, Answer][])('does not ask again: %s (%s)', async (name, says, answer) => {
    const { error, asked } = await ask(answer, { maxBytes: 64 });
    expect(error?.name).toBe(name);
    expect(error?.message).toContain(says);
    expect(asked).toBe(1);
  });

  it('asks again where JSON ends early or the connection does', async () => {
    const cut = await ask(
      afterFailures(1, (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"price": "10')),
    );
    expect([cut.value?.value.price, cut.asked]).toEqual([101.5, 2]);
    await open?.stop();
    const broken = await ask(
      afterFailures(1, (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"price"', () => response.destroy());
      }),
    );
    expect([broken.value?.value.price, broken.asked]).toEqual([101.5, 2]);
    await open?.stop();
    const always = await ask((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[1,'), { attempts: 2 });
    expect([always.error?.name, always.asked]).toEqual(['Http.TruncatedError', 2]);
  });

  it('waits for no body longer than the timeout, however it trickles', async () => {
    const trickle: Answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    };
    const begun = performance.now();
    const { error, asked } = await ask(trickle, { timeoutMs: 150, attempts: 2 });
    expect([error?.name, asked]).toEqual(['Http.TimeoutError', 2]);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  it('names a host that is not there', async () => {
    const clock = stoppedClock(NOW_MS);
    const gone = quick(clock, { attempts: 2 }).get(new URL('http://127.0.0.1:9/x'), Price);
    await expect(gone).rejects.toMatchObject({ name: 'Http.UnreachableError' });
    expect(clock.waits).toHaveLength(1);
  });

  it.each(['http://example.test/x', 'http://127.0.0.1.example.test/', 'ftp://127.0.0.1/', 'https://name:secret@example.test/'])(
    'asks nothing at %s',
    async (address) => {
      await expect(quick(stoppedClock(0)).get(new URL(address), Price)).rejects.toMatchObject({ name: 'Http.AddressError' });
      await expect(quick(stoppedClock(0)).get(new URL(address), Price)).rejects.not.toThrow(/secret/);
    },
  );

  it('ends at the signal and keeps its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    open = await host(() => controller.abort(reason));
    const reply = quick(stoppedClock(0), { signal: controller.signal }).get(new URL(`${open.address}/x`), Price);
    await expect(reply).rejects.toBe(reason);
  });

  it('keeps the pace of each host apart', async () => {
    const clock = stoppedClock(0);
    const pause = Pace.bucket(clock, { perSecond: 2, burst: 2 });
    expect([pause('a'), pause('a'), pause('a'), pause('a'), pause('b')]).toEqual([0, 0, 500, 1000, 0]);
    await clock.wait(1500);
    expect(pause('a')).toBe(0);
  });
});

describe('Decimal', () => {
  it.each([
    '',
    ' 1',
    '0x10',
    '1e999',
    'NaN',
    'Infinity',
    '-Infinity',
    '1,000',
    '1_000',
    '-1',
    '0',
    '1e16',
    null,
    true,
    [],
    {},
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    '١',
  ])('refuses %j as a price', (value) => {
    expect(Decimal.Price.safeParse(value).success).toBe(false);
  });

  it('reads 1e999 in JSON as no number at all', () => {
    expect(z.object({ price: Decimal.Price }).safeParse(JSON.parse('{"price": 1e999}')).success).toBe(false);
  });

  it('reads what venues write, to the bit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (value) => {
        expect(Decimal.Price.parse(String(value))).toBe(value);
        expect(Decimal.Price.parse(value)).toBe(value);
      }),
    );
  });

  it('never gives anything but a finite number above 0', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.integer().map(String), fc.jsonValue()), (value) => {
        const parsed = Decimal.Price.safeParse(value);
        expect(!parsed.success || (Number.isFinite(parsed.data) && parsed.data > 0 && parsed.data <= 1e15)).toBe(true);
      }),
    );
  });
});
