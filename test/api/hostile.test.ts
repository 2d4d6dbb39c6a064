/** What hostile hands and failing disks meet: nothing half written, nothing unnamed, nothing that only seems to have worked. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import { LOCK_FILE, VERSION } from '../../api/config.ts';
import * as Folder from '../../api/folder.ts';
import * as Lock from '../../api/store/lock.ts';
import { verify } from '../../api/verify.ts';
import { canonicalJson, digest, seal } from '../../base/id.ts';
import { AssetName } from '../../datasets/panel.ts';
import * as StateFile from '../../datasets/sources/state-file.ts';
import { Provenance } from '../../governance/bundle.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { state } from '../governance/book.ts';

let scratch: string;
beforeAll(() => {
  // Short: a lock is a socket, and its address has little room.
  scratch = mkdtempSync(join(tmpdir(), 'hostile-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a disk that fails', () => {
  it('costs neither the former file nor leaves half of a new one', async () => {
    const folder = join(scratch, 'disk');
    mkdirSync(join(folder, 'a-folder', 'held'), { recursive: true });
    await Folder.write(folder, 'book.json', 'the former');
    // Whatever the child writes beyond 512 bytes fails: a full disk without needing to own one.
    const code = `import { write } from './api/folder.ts';
      process.on('SIGXFSZ', () => {});
      await write(${JSON.stringify(folder)}, 'book.json', 'x'.repeat(100_000)).then(() => console.log('written'), (error) => console.log(error.name, error.message));`;
    const child = spawnSync(
      'bash',
      ['-c', 'trap "" XFSZ; ulimit -f 1; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, code],
      {
        encoding: 'utf8',
      },
    );
    expect(child.stdout).toMatch(/^Folder\.UnwritableError .*book\.json: Got .*Nothing was left behind|^Folder\.UnwritableError .*EFBIG/);
    expect(readFileSync(join(folder, 'book.json'), 'utf8')).toBe('the former');
    expect(readdirSync(folder).sort()).toEqual(['a-folder', 'book.json']);
  });

  it('does not replace what is no file', async () => {
    await expect(Folder.write(scratch, 'disk', 'text')).rejects.toThrow(/Folder|EISDIR/);
  });
});

it('a data folder that cannot be made is named, and the server says so with its exit code', async () => {
  writeFileSync(join(scratch, 'a-file'), '');
  const folder = join(scratch, 'a-file', 'data');
  await expect(Lock.acquire(folder)).rejects.toMatchObject({ name: 'Store.UnusableFolderError', facts: { got: 'ENOTDIR', where: folder } });
  const child = spawnSync(process.execPath, ['--import', 'tsx', 'api/plimsoll.ts', 'serve', '--port', '0'], {
    env: { ...process.env, DATA_DIR: folder, LOG_LEVEL: 'silent', DATABASE_URL: '', REDIS_URL: '' },
    encoding: 'utf8',
  });
  expect([child.status, child.stderr]).toEqual([1, expect.stringContaining('Store.UnusableFolderError')]);
}, 60_000);

describe('a book', () => {
  const { id: _id, ...book } = state();
  const file = (changed: object) => canonicalJson(seal({ ...book, ...changed } as never));

  it.each([
    ['assets', { assets: [book.assets[0]!, ...book.assets] }],
    [
      'lending',
      {
        lending: [
          { account: 'one', eMode: 0, collateral: [], debt: [] },
          { account: 'one', eMode: 0, collateral: [], debt: [] },
        ],
      },
    ],
  ])('that lists one of %s twice is refused', (field, changed) => {
    expect(() => StateFile.parse(file(changed), 'book.json')).toThrow(
      expect.objectContaining({ name: 'StateFile.DoubledError', facts: expect.objectContaining({ where: `book.json, field "${field}"` }) }),
    );
  });
});

it.each(['__proto__', '..', '.', '-rf', '+1', '', 'A'.repeat(33), 'ETH\u202e'])('an asset cannot be called %j', (name) => {
  expect(AssetName.safeParse(name).success).toBe(false);
});

it('a manifest cannot put more than a version into the command that a reader copies', () => {
  const provenance = { kernel: digest(''), lockFile: digest(''), seed: 1, simulated: true };
  expect(Provenance.safeParse({ ...provenance, codeVersion: '1.2.3-rc.1' }).success).toBe(true);
  expect(Provenance.safeParse({ ...provenance, codeVersion: '1.2.3; rm -rf ~' }).success).toBe(false);
});

describe('a bundle made by hand', () => {
  const provenance = { codeVersion: VERSION, kernel: loadKernel().digest, lockFile: LOCK_FILE, seed: 1, simulated: true };
  const names = ['evidence-after', 'evidence-before', 'model', 'panel', 'policy', 'proposal', 'recommendation', 'scenarios', 'state'];

  it('whose manifest agrees with an input of another shape is a difference with a name', async () => {
    const folder = join(scratch, 'by-hand');
    mkdirSync(folder);
    const files = [...names.map((name) => `${name}.json`), 'report.md'].sort().map((path) => {
      writeFileSync(join(folder, path), '{}');
      return { path, sha256: digest('{}'), bytes: 2 };
    });
    const manifest = seal({ kind: 'manifest', from: { artifacts: {} }, format: 1, provenance, evidenceRoot: digest(''), leaves: 1, files });
    writeFileSync(join(folder, 'manifest.json'), canonicalJson(manifest));
    await expect(verify(folder, 1, () => undefined)).rejects.toMatchObject({ name: 'Verify.ForeignInputError' });
  });

  it('that is no JSON at all is a difference at a place', async () => {
    const folder = join(scratch, 'garbage');
    mkdirSync(folder);
    writeFileSync(join(folder, 'manifest.json'), '{');
    expect(await verify(folder, 1, () => undefined)).toMatchObject({ ok: false, firstDifference: { file: 'manifest.json', field: '$' } });
  });
});

it.each(['yesterday', 'LUNA 5', '2022-13-01'])('--as-of %j is refused by name', async (asOf) => {
  const path = join(scratch, 'BTCUSDT.csv');
  writeFileSync(path, 'time,close\n2022-05-01,1\n2022-05-02,2\n');
  const said = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    expect(await main(['data', 'inspect', path, '--as-of', asOf])).toBe(1);
    expect(said.mock.calls.join('')).toContain('Align.BadMomentError');
    expect(await main(['run', '--as-of', asOf, '--out', join(scratch, 'never')])).toBe(1);
    expect(said.mock.calls.join('')).toContain('Voyage.BadTimeError');
  } finally {
    said.mockRestore();
  }
});
