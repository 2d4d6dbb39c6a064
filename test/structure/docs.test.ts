import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Environment } from '../../api/config.ts';
import { tableOfOutcomes } from '../../api/errors.ts';
import { FindingKind } from '../../datasets/panel.ts';
import { Field } from '../../tuner/policy.ts';
import { AbstainReason } from '../../tuner/recommendation.ts';
import * as Docs from './docs.ts';
import { codeFiles, ROOT, read } from './tree.ts';

const files = codeFiles();
const scripts = (JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }).scripts;
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/decisions.md',
  'docs/errors.md',
  'docs/glossary.md',
  'docs/governance.md',
  'docs/models.md',
  'docs/policy.md',
  'docs/scenarios.md',
];

describe('errors', () => {
  const names = Docs.errorNames(files);
  const rows = Docs.rowNames(read('docs/errors.md'));
  const errors = rows.filter((row) => row.endsWith('Error'));

  it('have public names', () => {
    expect(names.length).toBeGreaterThan(30);
    expect(Docs.namelessErrors(files)).toEqual([]);
    const declared = files.flatMap(({ text }) => [...text.matchAll(/override readonly name = '([\w.]+Error)'/g)].map(([, name]) => name));
    expect(declared.filter((name, index) => declared.indexOf(name) !== index)).toEqual([]);
    const planted = "export class LostError extends PlimsollError {\n  readonly kind = 'x';\n}";
    expect(Docs.namelessErrors([{ path: 'models/x.ts', text: planted }])).toHaveLength(1);
  });

  it('stand in docs/errors.md, all of them and no other, once', () => {
    expect([...errors].sort()).toEqual(names);
    const planted = [...files, { path: 'models/x.ts', text: "override readonly name = 'X.NewError';" }];
    expect(Docs.errorNames(planted)).toContain('X.NewError');
  });

  it('have there the status and exit code of the table', () => {
    const stated = [...read('docs/errors.md').matchAll(/^\| `(\S+Error)` \| .* \| (\d+) \| (\d) \|$/gm)];
    expect(stated).toHaveLength(errors.length);
    for (const [, name = '', status, exitCode] of stated) {
      const given =
        tableOfOutcomes()[name] ?? (name === 'Http.UnexpectedError' ? { status: 500, exitCode: 1 } : { status: 400, exitCode: 1 });
      expect([name, Number(status), Number(exitCode)]).toEqual([name, given.status, given.exitCode]);
    }
  });

  it('in the table of outcomes exist', () => {
    const classes = files.flatMap(({ text }) => [...text.matchAll(/override readonly name = '([\w.]+)'/g)].map(([, name]) => name));
    for (const name of Object.keys(tableOfOutcomes())) expect(classes).toContain(name);
  });

  it('and refusals and findings are explained', () => {
    for (const name of [...FindingKind.options, ...AbstainReason.options]) expect(rows).toContain(name);
  });
});

describe('the glossary', () => {
  const rows = Docs.rowNames(read('docs/glossary.md'));

  it('has every artifact and every tuned field', () => {
    const kinds = Docs.artifactKinds(files);
    expect(kinds.length).toBeGreaterThan(6);
    for (const word of [...kinds, ...Field.options]) expect(rows).toContain(word);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  it('begins with the two commands', () => {
    expect(readme.indexOf('npm start')).toBeGreaterThan(0);
    expect(readme.indexOf('npm start')).toBeLessThan(2000);
    expect(readme.indexOf('npm test')).toBeLessThan(2000);
  });

  it('has every variable with its default', () => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \|/gm)].map(([, name, value]) => [
      name,
      (value ?? '').trim().replaceAll('`', ''),
    ]);
    const defaults = Object.entries(Environment.shape).map(([name, schema]) => {
      const given = schema.safeParse(undefined);
      return [name, given.success && given.data !== undefined ? String(given.data) : ''];
    });
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(defaults));
  });
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('names commands that exist', () => {
    for (const script of Docs.npmScripts(text)) expect(Object.keys(scripts)).toContain(script);
    const declared = Docs.declaredCommands(files);
    for (const command of Docs.plimsollCommands(text)) expect(declared).toContain(command);
  });

  it('links to files that exist', () => {
    for (const link of Docs.localLinks(text)) expect(existsSync(join(ROOT, dirname(page), link)), link).toBe(true);
  });
});

describe('reading documents', () => {
  it('finds what it is to judge', () => {
    expect(Docs.npmScripts('Run `npm run nothing` or `npm test`.')).toEqual(['nothing', 'test']);
    expect(Docs.plimsollCommands('```\nplimsoll fly --high\n```\nor `npx plimsoll swim`')).toEqual(['fly', 'swim']);
    expect(Docs.localLinks('[a](docs/a.md#b) ![c](docs/c.png) [d](https://example.org)')).toEqual(['docs/a.md', 'docs/c.png']);
    expect(Docs.rowNames('| `A.BError` | x |')).toEqual(['A.BError']);
  });
});

describe('package.json', () => {
  it('names scripts whose files exist', () => {
    for (const command of Object.values(scripts)) {
      const file = /\b(?:node|tsx) (\S+\.(?:mjs|ts))/.exec(command)?.[1];
      if (file !== undefined) expect(existsSync(join(ROOT, file)), file).toBe(true);
    }
  });
});
