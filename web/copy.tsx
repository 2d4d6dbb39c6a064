/**
 * A value people must carry elsewhere whole: shown (shortened or not), copied with one press, said aloud when it is done.
 */
import { useEffect, useState } from 'preact/hooks';
import { short } from './format.ts';

export function Copy({ value, whole = false, label }: { value: string; whole?: boolean; label: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 1_600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setState('copied');
    } catch {
      setState('refused'); // plain http on another host has no clipboard: the text can still be selected
    }
  };
  return (
    <span class="copy">
      <code title={value}>{whole ? value : short(value)}</code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy ${label}`}>
        {state === 'idle' ? 'copy' : state === 'copied' ? 'copied' : 'select it'}
      </button>
      <span class="visually-hidden" aria-live="polite">
        {state === 'copied' ? `${label} copied` : ''}
      </span>
    </span>
  );
}
