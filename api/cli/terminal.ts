/** Output for people and machines: results on standard output, everything else on standard error. */
import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import { STEPS, type Step } from '../progress.ts';

export function print(text: string): void {
  process.stdout.write(text);
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}

/** A file that a person named on the command line. */
export async function save(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new UnwritableFileError({
      got: code,
      needed: 'a file that can be written',
      where: path,
      fix: 'Name one in a folder that exists.',
    });
  }
}

/** Left-aligned columns, two spaces apart, a heading line. Trailing spaces are cut. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) => ` ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd();
  return [line(heading), ...rows.map(line)].map((text) => `${text}\n`).join('');
}

/** Shows steps as they change: one line rewritten on a terminal, one line a finished step elsewhere. */
export function progress(quiet: boolean): { show(steps: readonly Step[]): void; end(): void } {
  const told = new Set<string>();
  const rewrite = process.stderr.isTTY === true;
  let drawn = false;
  const clear = () => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  return {
    show(steps) {
      if (quiet) return;
      for (const step of steps) {
        if (step.state !== 'done' || told.has(step.step) || step.seconds === 0) continue;
        told.add(step.step);
        clear();
        say(`${step.says} … ${step.seconds.toFixed(1)} s`);
      }
      const running = steps.find(({ state }) => state === 'running');
      if (!rewrite || running === undefined) return;
      const left = running.share > 0.05 ? ` about ${Math.ceil((running.seconds * (1 - running.share)) / running.share)} s left` : '';
      process.stderr.write(`\r\u001b[2K${running.says} … ${Math.round(100 * running.share)} %${left}`);
      drawn = true;
    },
    end: clear,
  };
}

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilInterrupted(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    say('Stopping …');
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: controller.signal, release: () => void process.off('SIGINT', stop).off('SIGTERM', stop) };
}

/** Other people's words on one line of a terminal: no line breaks, no control or direction characters. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

export function usd(value: number): string {
  const size = Math.abs(value);
  const [divisor, unit] = size >= 1e9 ? [1e9, ' bn'] : size >= 1e6 ? [1e6, ' m'] : size >= 1e3 ? [1e3, ' k'] : [1, ''];
  return `$${(value / divisor).toFixed(divisor === 1 ? 0 : 2)}${unit}`;
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Needed a whole number from ${min} to ${max}.`);
    return value;
  };
}

export function stepSays(step: string): string {
  return STEPS.find((one) => one.step === step)?.says ?? step;
}

export class UnwritableFileError extends PlimsollError {
  override readonly name = 'Terminal.UnwritableFileError';
}
