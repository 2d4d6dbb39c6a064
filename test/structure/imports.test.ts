import { describe, expect, it } from 'vitest';
import * as Imports from './imports.ts';
import { codeFiles } from './tree.ts';

const files = codeFiles();
const plant = (path: string, text: string) => [{ path, text }];

describe('imports', () => {
  it('reads the tree at all', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(Imports.arrows).length).toBeGreaterThan(200);
  });

  it('sees every form of import', () => {
    const text = [
      "import { a } from '../models/one.ts';",
      "import type { B } from '../models/two.ts';",
      "import * as C from '../models/three.ts';",
      "export { d } from '../models/four.ts';",
      "import '../models/five.ts';",
      "const e = await import('../models/six.ts');",
      "import {\n  f,\n  type G,\n} from '../models/seven.ts';",
      "// import { no } from '../models/comment.ts';",
      "export * from '../models/eight.ts';",
    ].join('\n');
    expect(Imports.arrows({ path: 'base/x.ts', text }).map(({ to }) => to.replace('models/', '').replace('.ts', ''))).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
      'six',
      'seven',
      'eight',
    ]);
  });

  it('point left, or to base and kernel', () => {
    expect(Imports.directionViolations(files)).toEqual([]);
  });

  it.each([
    ['base/x.ts', "import { a } from '../models/garch.ts';"],
    ['datasets/x.ts', "import type { A } from '../models/market.ts';"],
    ['models/math/x.ts', "import { a } from '../../tuner/policy.ts';"],
    ['governance/targets/x.ts', "const a = await import('../../api/server.ts');"],
    ['web/x.tsx', "import type { A } from '../base/id.ts';"],
    ['api/x.ts', "import { a } from '../test/x.ts';"],
  ])('a planted arrow to the right in %s is found', (path, text) => {
    expect(Imports.directionViolations(plant(path, text))).toHaveLength(1);
  });

  it('form no cycle', () => {
    expect(Imports.cycles(files)).toEqual([]);
  });

  it('a planted cycle is found', () => {
    const planted = [
      { path: 'models/a.ts', text: "import { b } from './b.ts';" },
      { path: 'models/b.ts', text: "import { c } from './math/c.ts';" },
      { path: 'models/math/c.ts', text: "import { a } from '../a.ts';" },
    ];
    expect(Imports.cycles(planted)).toEqual(['models/a.ts → models/b.ts → models/math/c.ts → models/a.ts']);
  });

  it('reach each heavy package through its one door', () => {
    expect(Imports.doorViolations(files)).toEqual([]);
  });

  it.each([
    ['models/garch.ts', "import { Matrix } from 'ml-matrix';"],
    ['models/forecaster.ts', "import * as tf from '@tensorflow/tfjs-core';"],
    ['api/server.ts', "import { Queue } from 'bullmq';"],
    ['api/jobs.ts', "import { drizzle } from 'drizzle-orm/pglite';"],
    ['models/tail.ts', "import cephes from 'cephes';"],
    ['api/voyage.ts', "import type { Hex } from 'viem';"],
  ])('a planted side door in %s is found', (path, text) => {
    expect(Imports.doorViolations(plant(path, text))).toHaveLength(1);
  });
});
