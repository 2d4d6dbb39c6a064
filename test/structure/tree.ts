/** The project's own text files as plain values, so that every rule is a function that can be run on a planted tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export type File = { readonly path: string; readonly text: string };

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const CODE_FOLDERS = ['base', 'kernel', 'datasets', 'models', 'tuner', 'governance', 'api', 'web', 'bench', 'scripts', 'test'];
/** Made by tools, or recorded data. */
const NOT_OURS = /(^|\/)(node_modules|dist|generated|artifacts|migrations|fixtures)(\/|$)/;

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

/** The same text with comments blanked; lines keep their numbers. */
export function withoutComments(text: string): string {
  return blank(text, (kind) => kind === 'comment');
}

/** The same text with comments and the words of strings blanked; the code inside template literals stays. */
export function withoutCommentsAndStrings(text: string): string {
  return blank(text, () => true);
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

type Kind = 'comment' | 'words';

/** One pass over the source. A quote inside a regular expression literal is the one thing it does not understand. */
function blank(text: string, hides: (kind: Kind) => boolean): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[`{}]/g;
  /** One entry an open brace: whether it was `${` of a template. */
  const braces: boolean[] = [];
  let result = '';
  let at = 0;
  const keep = (until: number) => {
    result += text.slice(at, until);
    at = until;
  };
  const hide = (until: number, kind: Kind) => {
    result += hides(kind) ? text.slice(at, until).replaceAll(/[^\n]/g, ' ') : text.slice(at, until);
    at = until;
  };
  for (;;) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) break;
    const found = match[0];
    keep(match.index);
    if (found.startsWith('/')) hide(at + found.length, 'comment');
    else if (found === '{') {
      braces.push(false);
      keep(at + 1);
    } else if (found === '`' || (found === '}' && braces.pop() === true)) {
      keep(at + 1);
      const end = /(?:\\.|[^\\`$]|\$(?!\{))*/y;
      end.lastIndex = at;
      hide(at + (end.exec(text)?.[0].length ?? 0), 'words');
      if (text.startsWith('${', at)) braces.push(true);
      keep(Math.min(text.length, at + (text.startsWith('${', at) ? 2 : 1)));
    } else if (found === '}') keep(at + 1);
    else {
      keep(at + 1);
      hide(at + found.length - 2, 'words');
      keep(at + 1);
    }
  }
  keep(text.length);
  return result;
}
