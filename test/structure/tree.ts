/** The project's own text files as plain values, so that every rule is a function that can be run on a planted tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export type File = { readonly path: string; readonly text: string };

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const CODE_FOLDERS = ['base', 'kernel', 'datasets', 'models', 'tuner', 'governance', 'api', 'web', 'bench', 'scripts', 'test'];
/** Made by tools, or recorded data. */
const NOT_OURS = /(^|\/)(node_modules|dist|generated|artifacts|migrations|fixtures)(\/|$)|(^|\/)fixture\.ts$/;

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every code file that people write, with forward slashes, sorted. */
export function codeFiles(): readonly File[] {
  return CODE_FOLDERS.flatMap(walk)
    .filter((path) => /\.(ts|tsx|mjs|sol)$/.test(path) && !NOT_OURS.test(path))
    .sort()
    .map((path) => ({ path, text: read(path) }));
}

/** The same text with comments blanked; lines keep their numbers. String contents stay. */
export function withoutComments(text: string): string {
  return text.replaceAll(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (whole: string, string: string | undefined) => string ?? whole.replaceAll(/[^\n]/g, ' '),
  );
}

/** The same text with comments and the contents of plain strings blanked. Template literals stay: they hold code. */
export function withoutCommentsAndStrings(text: string): string {
  return withoutComments(text).replaceAll(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (string) => `''${' '.repeat(string.length - 2)}`);
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
