/** Who imports whom: direction, cycles, doors. For direction and doors a type import counts like any other. */
import { posix } from 'node:path';
import { type File, lineOf, withoutComments } from './tree.ts';

export type Arrow = { readonly from: string; readonly to: string; readonly line: number; readonly typeOnly: boolean };

/** Folder → folders it may import besides itself. What is not a key may import anything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  kernel: ['base'],
  datasets: ['base', 'kernel'],
  models: ['base', 'kernel', 'datasets'],
  tuner: ['base', 'kernel', 'datasets', 'models'],
  governance: ['base', 'kernel', 'datasets', 'models', 'tuner'],
  api: ['base', 'kernel', 'datasets', 'models', 'tuner', 'governance'],
  web: [],
};

/** Package → the one file or folder that may import it. */
const DOORS: readonly (readonly [RegExp, ...string[]])[] = [
  [/^ml-matrix$/, 'models/math/linear.ts'],
  [/^@tensorflow\//, 'models/network.ts'],
  [/^bullmq$/, 'api/jobs.ts', 'api/ranges.ts'],
  [/^ioredis$/, 'api/'],
  [/^@duckdb\//, 'datasets/sources/files.ts'],
  [/^(drizzle-orm|drizzle-kit|pg|@electric-sql\/pglite)(\/|$)/, 'api/store/'],
  [/^cephes$/, 'models/math/special.ts'],
  // The pool and the file that it runs in its threads.
  [/^piscina$/, 'api/workers.ts', 'api/stress-worker.ts'],
  [/^(fastify|@fastify\/.*|fastify-type-provider-zod|pino|prom-client|close-with-grace)$/, 'api/'],
  [/^commander$/, 'api/'],
  [/^viem(\/|$)/, 'governance/', 'datasets/sources/'],
  [/^solc$/, 'scripts/contracts.ts', 'scripts/solc.mjs'],
  [/^@foundry-rs\//, 'governance/simulate.ts'],
  [/^(preact|uplot)(\/|$)/, 'web/'],
];

const IMPORT =
  /(?:^|[;\n}])\s*(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\sfrom\s+)?(['"])([^'"\n]+)\2|\b(?:import|require|require\.resolve)\(\s*(['"])([^'"\n]+)\4/g;

export function arrows({ path, text }: File): readonly Arrow[] {
  const code = withoutComments(text);
  return [...code.matchAll(IMPORT)].map((match) => {
    const specifier = match[3] ?? match[5] ?? '';
    const to = specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier;
    const at = match.index + match[0].length - specifier.length;
    return { from: path, to, line: lineOf(code, at), typeOnly: match[1] !== undefined };
  });
}

export function directionViolations(files: readonly File[]): readonly string[] {
  return files.flatMap(arrows).flatMap(({ from, to, line }) => {
    const [home = ''] = from.split('/');
    const allowed = MAY_IMPORT[home];
    const [target = ''] = to.split('/');
    const ours = target in MAY_IMPORT || ['bench', 'test', 'scripts', 'dist'].includes(target);
    if (allowed === undefined || !ours || target === home || allowed.includes(target)) return [];
    return [`${from}:${line} imports ${to}: ${home} may import ${allowed.join(', ') || 'nothing of ours'}`];
  });
}

export function doorViolations(files: readonly File[]): readonly string[] {
  const rooms = files.filter(({ path }) => !path.startsWith('test/') && !path.startsWith('bench/'));
  return rooms.flatMap(arrows).flatMap(({ from, to, line }) => {
    const doors = DOORS.find(([name]) => name.test(to))?.slice(1) as string[] | undefined;
    if (doors === undefined || doors.some((door) => from === door || (door.endsWith('/') && from.startsWith(door)))) return [];
    return [`${from}:${line} imports ${to}: its door is ${doors.join(' or ')}`];
  });
}

/** Each cycle once, as `a → b → a`. Type imports vanish in compilation: what names the other's types waits for nobody. */
export function cycles(files: readonly File[]): readonly string[] {
  const next = new Map(
    files.map((file) => [
      file.path,
      arrows(file)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ to }) => to),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      found.push([...trail.slice(seenAt), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return found;
}
