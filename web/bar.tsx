/**
 * The bar on top: whose figures these are, as of when, simulated or not, and the way to each section.
 */
import { short, when } from './format.ts';
import type { Result } from './page.ts';
import type { Theme } from './theme.ts';

/** In the order of the page: id, title, and the key that jumps there. */
export const SECTIONS: readonly (readonly [string, string, string])[] = [
  ['load-lines', 'Load lines', '1'],
  ['regime', 'Regime', '2'],
  ['losses', 'Losses', '3'],
  ['frontier', 'Frontier', '4'],
  ['what-if', 'What if', 'w'],
  ['crashes', 'Crashes', '5'],
  ['accounts', 'Accounts', '6'],
  ['explanation', 'Explanation', 'e'],
  ['regret', 'Regret', 'r'],
  ['proposal', 'Proposal', '7'],
  ['data', 'Data', '8'],
  ['model', 'Model', '9'],
  ['verify', 'Verify', '0'],
];

export function Bar(props: { result: Result | null; theme: Theme; onTheme: () => void; onHelp: () => void }) {
  const { result } = props;
  return (
    <header class="bar">
      <a class="brand" href="#load-lines">
        <svg viewBox="0 0 40 28" aria-hidden="true">
          <circle cx="20" cy="14" r="10" />
          <path d="M3 14h34" />
        </svg>
        Plimsoll
      </a>
      {result?.simulated === true && (
        <strong class="simulated" title="The market or the book was made by the built-in simulator">
          Simulated
        </strong>
      )}
      {result !== null && (
        <p class="stamp">
          <span>{result.protocol}</span>
          <span>
            as of <time dateTime={result.asOf}>{when(result.asOf)}</time>
          </span>
          <span class="wide">
            bundle <code title={result.bundle.id}>{short(result.bundle.id)}</code>
          </span>
        </p>
      )}
      <span class="tools">
        <a href="/docs">API</a>
        <button type="button" onClick={props.onTheme} title="Theme (t)">
          {props.theme}
        </button>
        <button type="button" onClick={props.onHelp} aria-label="Keys" title="Keys (?)">
          ?
        </button>
      </span>
      {result !== null && (
        <nav aria-label="Sections">
          {SECTIONS.map(([id, title, key]) => (
            <a key={id} href={`#${id}`}>
              <i>{key}</i> {title}
            </a>
          ))}
        </nav>
      )}
    </header>
  );
}
