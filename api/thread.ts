/**
 * Where a worker thread's code lies and how Node is to read it: the compiled file in `dist`, the TypeScript source through
 * tsx in a checkout. (`--import tsx` does nothing inside a thread; its register() does.)
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

export type ThreadFile = { readonly url: URL; readonly execArgv: string[] };

/** `name` without extension, relative to the caller's `import.meta.url`. */
export function file(name: string, callerUrl: string): ThreadFile {
  if (!callerUrl.endsWith('.ts')) return { url: new URL(`${name}.js`, callerUrl), execArgv: [] };
  const tsx = createRequire(callerUrl)
    .resolve('tsx/esm/api')
    .replace(/index\.cjs$/, 'index.mjs');
  const code = `import{register}from${JSON.stringify(pathToFileURL(tsx).href)};register()`;
  return { url: new URL(`${name}.ts`, callerUrl), execArgv: ['--import', `data:text/javascript,${encodeURIComponent(code)}`] };
}
