/** `plimsoll regret` on bundles, market files and a ledger on disk. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../base/id.ts';
import * as Book from '../stress/fixture.ts';
import { policy, risky, tuned } from '../tuner/fixture.ts';
import { plimsoll } from './command.ts';

const HOUR = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-regret-'));
const bundle = join(folder, 'bundle');
const ledger = join(folder, 'regret.jsonl');
const market = join(folder, 'market.csv');
const state = risky();

/** Wide closes by the hour, from two before as-of: half the price from the fourth hour on. */
function csv(hours: number): string {
  const names = Book.names(3);
  const rows = Array.from({ length: hours + 2 }, (_, bar) => {
    const time = new Date(Date.parse(state.asOf) + (bar - 2) * HOUR).toISOString();
    return [time, ...names.map(() => (bar < 5 ? '100' : '50'))].join(',');
  });
  return `${[`time,${names.join(',')}`, ...rows].join('\n')}\n`;
}

beforeAll(async () => {
  const model = Book.model(3);
  const scenarios = Book.scenarios(model, 512, 24);
  const { recommendation } = await tuned({ state, model, policy: policy({ budgetFraction: 1e-6 }), scenarios });
  mkdirSync(bundle);
  for (const [name, part] of Object.entries({ state, model, scenarios, recommendation }))
    writeFileSync(join(bundle, `${name}.json`), canonicalJson(part));
  writeFileSync(market, csv(30));
});

describe('plimsoll regret', () => {
  it('tables advice against doing nothing, and ends in the line of the track record', async () => {
    const { code, stdout, stderr } = await plimsoll(['regret', bundle, '--panel', market]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    expect(stdout).toMatch(/^ as of +advice +window +loss/);
    expect(stdout).toMatch(/\n 2024-01-01 +[0-9a-f]{12} +24 h /);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /times of 1, .*Mean regret: loss \$.*stated interval: [01] of 1; beyond the value at risk/,
    );
  });

  it('keeps a ledger that the same question does not grow', async () => {
    const once = JSON.parse((await plimsoll(['regret', bundle, '--panel', market, '--ledger', ledger, '--json'])).stdout);
    expect(once).toMatchObject({ ledger: { added: 1, known: 0 }, trackRecord: { judged: 1 } });
    const text = readFileSync(ledger, 'utf8');
    const again = JSON.parse((await plimsoll(['regret', bundle, bundle, '--panel', market, '--ledger', ledger, '--json'])).stdout);
    expect(again).toMatchObject({ ledger: { added: 0, known: 2, head: once.ledger.head } });
    expect(readFileSync(ledger, 'utf8')).toBe(text);
    const shown = await plimsoll(['regret', '--ledger', ledger]);
    expect(shown.stdout).toContain('2024-01-01');
    expect(shown.stderr).toContain(once.ledger.head);
    expect(existsSync(`${ledger}.lock`)).toBe(false);
  });

  it('refuses a ledger that somebody edited, by line, with the code of a difference', async () => {
    const text = readFileSync(ledger, 'utf8');
    const edited = join(folder, 'edited.jsonl');
    writeFileSync(edited, text.replace(/"hindsight":"[^"]+"/, '"hindsight":"same"').replace(/"budgetUsd":\d/, '"budgetUsd":9'));
    const { code, stderr } = await plimsoll(['regret', bundle, '--panel', market, '--ledger', edited]);
    expect([code, stderr]).toEqual([4, expect.stringMatching(/RegretLedger\.TamperedError: .*line 1/)]);
  });

  it('says that data which ends early judges nothing yet', async () => {
    writeFileSync(join(folder, 'short.csv'), csv(6));
    const { code, stdout } = await plimsoll(['regret', bundle, '--panel', join(folder, 'short.csv')]);
    expect(code).toBe(0);
    expect(stdout).toContain('until 2024-01-01T06:00');
    expect(stdout).toContain('No recommendation judged. 1 not judged');
  });

  it.each([
    ['nothing to do', [], 2, 'Regret.IncompleteError'],
    ['bundles without a panel', [bundle], 2, 'Regret.IncompleteError'],
    ['a ledger that is not there', ['--ledger', join(folder, 'none.jsonl')], 1, 'Ledger.UnusableError'],
    ['a folder for a ledger', [bundle, '--panel', market, '--ledger', folder], 1, 'Ledger.UnusableError'],
    ['a folder that is no bundle', [folder, '--panel', market], 1, 'Error'],
    ['data that ends before', [bundle, '--panel', join(folder, 'before.csv')], 1, 'Replay.NothingAfterError'],
  ])('refuses %s', async (_what, args, code, error) => {
    writeFileSync(join(folder, 'before.csv'), csv(0));
    const said = await plimsoll(['regret', ...args]);
    expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(error)]);
  });

  it('leaves a ledger alone that another process writes', async () => {
    const busy = join(folder, 'busy.jsonl');
    writeFileSync(`${busy}.lock`, '');
    const { code, stderr } = await plimsoll(['regret', bundle, '--panel', market, '--ledger', busy]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('another process')]);
    expect(existsSync(busy)).toBe(false);
  });
});
