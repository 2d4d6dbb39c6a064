/** What documents say about the code, as data: error names, commands, variables, links. */
import { type File, lineOf, withoutComments } from './tree.ts';

const ERROR_NAME = /'([A-Z][A-Za-z0-9]*\.[A-Z]\w*Error)'/g;

/** Every public error name that the programme can utter. */
export function errorNames(files: readonly File[]): readonly string[] {
  const ours = files.filter(({ path }) => /^(base|kernel|datasets|models|tuner|governance|api)\/.*\.ts$/.test(path));
  return sorted(ours.flatMap(({ text }) => [...withoutComments(text).matchAll(ERROR_NAME)].map(([, name]) => name ?? '')));
}

/** A class of ours that forgot its public name would show as `Error` to everybody. */
export function namelessErrors(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => !path.startsWith('test/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/class (\w+) extends PlimsollError \{([\s\S]*?)\n\}/g)]
        .filter(([, , body]) => !/override readonly name(: string;| = '[A-Z]\w*\.\w+Error')/.test(body ?? ''))
        .map((match) => `${path}:${lineOf(text, match.index)} ${match[1]} has no public name`),
    );
}

/** Words in backticks that begin a table row. */
export function rowNames(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name ?? '');
}

/** `npm start`, `npm run x` in fenced blocks and inline code. */
export function npmScripts(markdown: string): readonly string[] {
  const named = [...markdown.matchAll(/\bnpm (?:run ([\w-]+)|(start|test))\b/g)].map(([, run, short]) => run ?? short ?? '');
  return sorted(named.filter((name) => name !== ''));
}

/** `plimsoll x` in code. */
export function plimsollCommands(markdown: string): readonly string[] {
  return sorted([...markdown.matchAll(/(?:^|`|npx )plimsoll ([a-z]+)/gm)].map(([, name]) => name ?? ''));
}

/** Commands that the command line declares. */
export function declaredCommands(files: readonly File[]): readonly string[] {
  const cli = files.filter(({ path }) => path.startsWith('api/'));
  return sorted(cli.flatMap(({ text }) => [...text.matchAll(/\.command\(\s*'([a-z]+)/g)].map(([, name]) => name ?? '')));
}

/** Files of this project that a document links to or shows. */
export function localLinks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path]) => path ?? '');
}

/** Artifact kinds that schemas declare. */
export function artifactKinds(files: readonly File[]): readonly string[] {
  const kinds = files
    .filter(({ path }) => !path.startsWith('test/'))
    .flatMap(({ text }) => [...text.matchAll(/kind: z\.literal\('([a-z-]+)'\)/g)]);
  return sorted(kinds.map(([, kind]) => kind ?? ''));
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
