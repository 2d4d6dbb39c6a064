/**
 * Light, dark, or as the system says. Colours live in page.css as custom properties made with `light-dark()`; charts are
 * drawn on a canvas and ask here for the resolved colour.
 */

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'plimsoll.theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

export function current(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return ORDER.find((theme) => theme === kept) ?? 'auto';
  } catch {
    return 'auto'; // storage can be forbidden; the system's choice then stands
  }
}

export function apply(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // not remembered, still applied
  }
}

export function next(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length]!;
}

/** The resolved colour of a custom property, for canvas. */
export function colour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
