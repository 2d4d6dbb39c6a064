/** A command in this process, with what it says kept: milliseconds instead of the start of Node. */
import { vi } from 'vitest';
import { main } from '../../api/cli/program.ts';

export type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

export async function plimsoll(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += text;
      return true;
    }),
  );
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    return { code: await main(args), ...said };
  } finally {
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}
