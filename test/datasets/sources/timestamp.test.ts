import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Timestamp from '../../../datasets/sources/timestamp.ts';

const MOMENT = Date.UTC(2020, 2, 12, 10, 30, 15);

test.each([
  ['2020-03-12T10:30:15Z', MOMENT],
  ['2020-03-12T10:30:15', MOMENT],
  ['2020-03-12 10:30:15', MOMENT],
  ['2020-03-12 10:30:15 UTC', MOMENT],
  ['2020-03-12T12:30:15+02:00', MOMENT],
  ['2020-03-12T05:30:15-0500', MOMENT],
  ['2020-03-12 12:30:15+02', MOMENT],
  ['2020-03-12T10:30:15.250Z', MOMENT + 250],
  ['2020-03-12T10:30:15,250000', MOMENT + 250],
  ['2020-03-12T10:30Z', MOMENT - 15_000],
  ['2020-03-12', Date.UTC(2020, 2, 12)],
  ['1584009015', MOMENT],
  ['1584009015000', MOMENT],
  ['1584009015000000', MOMENT],
  ['1584009015000000000', MOMENT],
  ['1.584009015e9', MOMENT],
  [' 1584009015 ', MOMENT],
])('%s', (text, ms) => {
  expect(Timestamp.parse(text)).toBe(ms);
});

test.each([
  '',
  'yesterday',
  '2020-02-30',
  '2020-13-01',
  '2020-03-12T24:00',
  '2020-03-12T10:60',
  '12/03/2020',
  '20200312',
  '-1584009015',
  'NaN',
  '0x5e6a',
  '1e300',
  '2150-01-01',
])('refuses %j', (text) => {
  expect(Timestamp.parse(text)).toBeUndefined();
});

test('every spelling of a moment is the same moment', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1995, 0, 1) / 1000, max: Date.UTC(2099, 0, 1) / 1000 }), (seconds) => {
      const iso = new Date(seconds * 1000).toISOString();
      const spellings = [iso, iso.slice(0, 19), iso.replace('T', ' ').slice(0, 19), `${seconds}`, `${seconds}000`, `${seconds}000000`];
      for (const text of spellings) expect(Timestamp.parse(text)).toBe(seconds * 1000);
    }),
  );
});
