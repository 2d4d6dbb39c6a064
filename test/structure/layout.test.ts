import { describe, expect, it } from 'vitest';
import * as Layout from './layout.ts';
import { codeFiles, type File } from './tree.ts';

/** Lines that two places may share before one of them is a copy. */
const PASSAGE_LINES = 12;

const files = codeFiles();
const plant = (path: string, text: string): readonly File[] => [{ path, text }];
const lines = (count: number) => Array.from({ length: count }, (_, index) => `const line${index} = ${index};`).join('\n');

describe('files', () => {
  it(`have at most ${Layout.MOST_LINES} lines`, () => {
    const long = Layout.lengthViolations(files, Layout.LONG_LINES);
    if (long.length > 0) process.stdout.write(`long files, think of splitting:\n  ${long.join('\n  ')}\n`);
    // Recorded answers of the server, not code.
    const code = files.filter(({ path }) => path !== 'test/web/fixture.ts');
    expect(Layout.lengthViolations(code, Layout.MOST_LINES)).toEqual([]);
    expect(Layout.lengthViolations(plant('api/x.ts', lines(401)), Layout.MOST_LINES)).toHaveLength(1);
    expect(Layout.lengthViolations(plant('api/x.ts', lines(400)), Layout.MOST_LINES)).toHaveLength(0);
  });

  it('and folders have names that say what is inside', () => {
    expect(Layout.nameViolations(files)).toEqual([]);
    for (const path of ['api/utils/x.ts', 'models/helpers.ts', 'tuner/index.ts', 'base/types.ts', 'api/services/x.ts']) {
      expect(Layout.nameViolations(plant(path, ''))).toHaveLength(1);
    }
  });

  it('begin with a header', () => {
    expect(Layout.headerViolations(files)).toEqual([]);
    expect(Layout.headerViolations(plant('models/x.ts', "import { z } from 'zod';"))).toHaveLength(1);
  });

  it('export names, never a default', () => {
    expect(Layout.defaultExportViolations(files)).toEqual([]);
    expect(Layout.defaultExportViolations(plant('api/x.ts', 'export default function f() {}'))).toHaveLength(1);
  });

  it('export what they make, never what others made', () => {
    expect(Layout.barrelViolations(files)).toEqual([]);
    expect(Layout.barrelViolations(plant('api/x.ts', "export * from './y.ts';"))).toHaveLength(1);
    expect(Layout.barrelViolations(plant('api/x.ts', "export { y } from './y.ts';"))).toHaveLength(1);
    expect(Layout.barrelViolations(plant('api/x.ts', "export { y } from './x-y.ts';"))).toHaveLength(0);
  });

  it('hold no enum, namespace, any or silenced type error', () => {
    expect(Layout.forbiddenSyntaxViolations(files)).toEqual([]);
    for (const text of ['enum Side { Long }', 'const x = y as any;', '// @ts-ignore\nx();', 'const x: any = 1;']) {
      expect(Layout.forbiddenSyntaxViolations(plant('api/x.ts', text))).toHaveLength(1);
    }
  });

  it('hold classes for errors only', () => {
    expect(Layout.classViolations(files)).toEqual([]);
    expect(Layout.classViolations(plant('models/x.ts', 'class Model {}'))).toHaveLength(1);
    expect(Layout.classViolations(plant('models/x.ts', 'class ModelError extends PlimsollError {}'))).toHaveLength(0);
  });

  it('name no host outside the edges', () => {
    expect(Layout.hostViolations(files)).toEqual([]);
    expect(Layout.hostViolations(plant('models/x.ts', "const feed = 'https://example.org/x';"))).toHaveLength(1);
  });

  it(`repeat no passage of ${PASSAGE_LINES} lines`, () => {
    const code = files.filter(({ path }) => !path.endsWith('.sol') && !path.startsWith('kernel/assembly/'));
    expect(Layout.repeatedPassages(code, PASSAGE_LINES)).toEqual([]);
    const twice = [...plant('api/x.ts', lines(PASSAGE_LINES)), ...plant('api/y.ts', lines(PASSAGE_LINES))];
    expect(Layout.repeatedPassages(twice, PASSAGE_LINES)).toEqual(['api/y.ts:1 repeats api/x.ts:1']);
  });
});
