/** What pure code must not name, and what code must not name whose results are verified to the bit. */
import { arrows } from './imports.ts';
import { type File, lineOf, withoutCommentsAndStrings } from './tree.ts';

/** Values in, values out: no clock, no randomness, no environment, no network, no files. */
const PURE =
  /^(base|kernel|models|tuner)\/|^governance\/(targets\/|(proposal|checks|report|bundle|draft|guard-limits|guard-terms)\.ts$)|^datasets\/(panel|state|align|quality|series|settle|venue|quorum|reprice|refine)\.ts$/;

/** What `verify` computes again on another machine: only + − × ÷ and √ are the same there; the rest comes from the kernel. */
const SAME_BITS = /^(tuner|kernel)\/|^governance\/(targets\/|(proposal|checks|report|bundle|draft|guard-limits|guard-terms)\.ts$)/;

const AMBIENT: readonly (readonly [string, RegExp])[] = [
  ['the clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.\w+|\bprocess\.(hrtime|uptime)\b/g],
  ['randomness', /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\bgetRandomValues\b/g],
  ['the environment', /\bprocess\.(env|argv|cwd|platform|exit|stdout|stderr)\b|\bimport\.meta\.(url|dirname|filename|env)\b/g],
  ['the network', /\bfetch\s*\(|\bnew WebSocket\b|\bnew EventSource\b/g],
  // setImmediate may stay: a long fit gives the event loop a turn, and no value depends on when.
  ['a timer', /\b(setTimeout|setInterval)\s*\(/g],
];

/** Node's own modules that a pure file may import: hashing has no side effect. */
const HARMLESS_MODULES = new Set(['node:crypto', 'node:buffer', 'node:util']);

const INEXACT = /\bMath\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|cbrt|hypot)\b|\*\*/g;

export function isPure(path: string): boolean {
  return PURE.test(path) && !path.startsWith('kernel/assembly/');
}

export function isSameBits(path: string): boolean {
  return SAME_BITS.test(path) && !path.startsWith('kernel/assembly/');
}

export function purityViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => isPure(path))
    .flatMap((file) => {
      const code = withoutCommentsAndStrings(file.text);
      const named = AMBIENT.flatMap(([what, pattern]) =>
        [...code.matchAll(pattern)].map((match) => `${file.path}:${lineOf(code, match.index)} touches ${what}: ${match[0]}`),
      );
      const imported = arrows(file)
        .filter(({ to, typeOnly }) => to.startsWith('node:') && !typeOnly && !HARMLESS_MODULES.has(to))
        .map(({ to, line }) => `${file.path}:${line} imports ${to}`);
      return [...named, ...imported];
    });
}

export function inexactViolations(files: readonly File[]): readonly string[] {
  return files
    .filter(({ path }) => isSameBits(path))
    .flatMap(({ path, text }) => {
      const code = withoutCommentsAndStrings(text);
      return (
        [...code.matchAll(INEXACT)]
          // Integer powers of two and ten of bigint literals are exact.
          .filter((match) => !/\d+n\s*$/.test(code.slice(0, match.index)))
          .map((match) => `${path}:${lineOf(code, match.index)} uses ${match[0]}: its last digit depends on the host`)
      );
    });
}
