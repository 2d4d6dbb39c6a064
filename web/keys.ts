/**
 * The keyboard: one listener for the whole page. Keys typed into a field are the field's own, except Escape.
 */

export type KeyAction = 'help' | 'theme' | 'copy-verify' | 'clear';

/** Shown by `?` in this order. */
export const KEYS: readonly (readonly [string, string])[] = [
  ['j  k', 'next, previous load line'],
  ['Enter', 'open or close the reasons of a load line'],
  ['/', 'filter load lines'],
  ['Esc', 'clear the filter, close this'],
  ['1 … 9, 0', 'go to a section'],
  ['w  e  r', 'what if, explanation, regret'],
  ['t', 'light, dark, as the system'],
  ['v', 'copy the verify command'],
  ['?', 'this list'],
];

/** `sections`: id, title and key of each. */
export function listen(sections: readonly (readonly [string, string, string])[], act: (action: KeyAction) => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = [HTMLInputElement, HTMLSelectElement, HTMLTextAreaElement].some((field) => event.target instanceof field);
    if (event.key === 'Escape') {
      if (typing) (event.target as HTMLElement).blur();
      act('clear');
      return;
    }
    if (typing) return;
    const section = sections.find(([, , key]) => key === event.key);
    if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1);
    else if (event.key === '/') document.getElementById('filter')?.focus();
    else if (event.key === '?') act('help');
    else if (event.key === 't') act('theme');
    else if (event.key === 'v') act('copy-verify');
    else if (section !== undefined) jump(section[0]);
    else return;
    event.preventDefault();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('button.row')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = at === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next]?.focus({ preventScroll: true });
  rows[next]?.scrollIntoView({ block: 'nearest' });
}

function jump(id: string): void {
  const heading = document.getElementById(`${id}-title`);
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
  document.getElementById(id)?.scrollIntoView({ block: 'start' });
}
