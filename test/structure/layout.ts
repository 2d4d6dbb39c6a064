/** Names, lengths and habits of files: what the style sheet in CONTRIBUTING.md says, as functions. */
import { type File, lineOf, withoutComments, withoutCommentsAndStrings } from './tree.ts';

/** Think at this length … */
export const LONG_LINES = 250;
/** … and split at this one. */
export const MOST_LINES = 400;

const FORBIDDEN_NAMES =
  /^(utils?|commons?|shared|types?|helpers?|misc|lib|core|services|controllers?|repositor(y|ies)|managers?|index)(\.\w+)?$/i;
/** The compiler wants one entry file by this name. */
const NAMED_BY_TOOLS = new Set(['kernel/assembly/index.ts']);
/** Stands in for another library's class, which callers construct and subclass. */
const STAND_INS = new Set(['api/store/embedded.ts']);
/** Read by a tool that asks for a default export: the thread pool, the test runner. */
const DEFAULT_EXPORT_ASKED = /-(worker|thread)\.ts$|(^|\/)(vitest|drizzle)\.config\.ts$|\.d\.ts$/;
const WORLD = /https?:\/\//;

export function lengthViolations(files: readonly File[], most: number): readonly string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > most)
    .map(({ path, lines }) => `${path} has ${lines} lines; ${most} is the most`);
}

export function nameViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => !NAMED_BY_TOOLS.has(path) && path.split('/').some((part) => FORBIDDEN_NAMES.test(part)))
    .map(({ path }) => `${path}: a name that says nothing about what is inside`);
}

export function defaultExportViolations(files: readonly File[]): readonly string[] {
  return matches(
    files,
    /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/g,
    ({ path }) => !DEFAULT_EXPORT_ASKED.test(path),
    'a default export has no name to search for',
  );
}

/** Barrels hide where a thing lives. A noun in several files (`garch.ts`, `garch-estimate.ts`) may keep its names together. */
export function barrelViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => !path.startsWith('kernel/assembly/'))
    .flatMap(({ path, text }) => {
      const stem = path.replace(/^.*\//, '').replace(/\.\w+$/, '');
      const code = withoutCommentsAndStrings(text);
      return [...code.matchAll(/\bexport\s+(?:type\s+)?(\*|\{[^}]*\})(?:\s+as\s+\w+)?\s+from\s+'/g)]
        .map((match) => ({ what: match[1], at: match.index, from: text.slice(match.index + match[0].length).split("'", 1)[0] ?? '' }))
        .filter(({ what, from }) => what === '*' || !from.startsWith(`./${stem}-`))
        .map(({ at, from }) => `${path}:${lineOf(code, at)} re-exports from ${from}: import it from where it lives`);
    });
}

export function forbiddenSyntaxViolations(files: readonly File[]): readonly string[] {
  const typed = ({ path }: File) => /\.tsx?$/.test(path) && !path.startsWith('kernel/assembly/');
  const syntax = /\b(const\s+)?enum\s+[A-Z]\w*\s*\{|\bnamespace\s+\w+\s*\{|\bas\s+any\b|:\s*any\b/g;
  // Silenced errors live in comments: there the text itself is searched.
  const silenced = files
    .filter(typed)
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^\s*\/\/\s*@ts-\w+/gm)].map(({ 0: found, index }) => `${path}:${lineOf(text, index)} ${found.trim()}`),
    );
  return [...matches(files, syntax, typed, 'not in this project'), ...silenced];
}

/** A class is an error, and an error is named. */
export function classViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => /^(base|datasets|models|tuner|governance|api)\/.*\.ts$/.test(path))
    .flatMap(({ path, text }) => {
      const code = withoutCommentsAndStrings(text);
      return [...code.matchAll(/\bclass\s+(\w+)(?:\s+extends\s+([\w.]+))?/g)]
        .filter((match) => !match[2]?.endsWith('Error') && !STAND_INS.has(path))
        .map((match) => `${path}:${lineOf(code, match.index)} class ${match[1]}: classes are for errors`);
    });
}

/** A file says what it is before its first line of code. */
export function headerViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(
      ({ path }) =>
        /^(base|kernel|datasets|models|tuner|governance|api|web|scripts|bench)\/.*\.(ts|tsx|mjs)$/.test(path) && !path.endsWith('.d.ts'),
    )
    .filter(({ text }) => !/^(#![^\n]*\n)?\s*(\/\*|\/\/)/.test(text))
    .map(({ path }) => `${path} has no header comment`);
}

/** Code that runs asks no fixed host; documentation links in comments are welcome. */
export function hostViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => /^(base|kernel|datasets|models|tuner|governance)\/.*\.ts$/.test(path))
    .flatMap(({ path, text }) => {
      const lines = withoutComments(text).split('\n');
      return lines.flatMap((line, index) =>
        WORLD.test(line) && !/127\.0\.0\.1|localhost/.test(line) ? [`${path}:${index + 1} names a host`] : [],
      );
    });
}

/** The same long passage in two places, comments and white space aside. */
export function repeatedPassages(files: readonly File[], window: number): readonly string[] {
  const seen = new Map<string, string>();
  const found: string[] = [];
  for (const { path, text } of files) {
    const lines = withoutComments(text)
      .split('\n')
      .map((line, index) => ({ line: line.trim(), number: index + 1 }))
      .filter(({ line }) => line.length > 3 && !/^import\b|^} from\b/.test(line));
    for (let start = 0; start + window <= lines.length; start += 1) {
      const passage = lines.slice(start, start + window);
      const key = passage.map(({ line }) => line).join('\n');
      const here = `${path}:${passage[0]?.number}`;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, here);
      else {
        found.push(`${here} repeats ${before}`);
        start += window - 1;
      }
    }
  }
  return found;
}

function matches(files: readonly File[], pattern: RegExp, applies: (file: File) => boolean, says: string): readonly string[] {
  return files.filter(applies).flatMap(({ path, text }) => {
    const code = withoutCommentsAndStrings(text);
    return [...code.matchAll(pattern)].map((match) => `${path}:${lineOf(code, match.index)} ${match[0].trim()}: ${says}`);
  });
}
