/**
 * Mutants of a Solidity source: the same text with one check, one comparison, one number or one statement changed. Systematic:
 * every place in every function body, every operator that fits. Knows Solidity by its look only (this project's formatting).
 */

export type Mutant = {
  readonly file: string;
  readonly line: number;
  /** Position in the text, which names it together with what stands there afterwards. */
  readonly start: number;
  readonly was: string;
  readonly becomes: string;
};

type Place = { readonly start: number; readonly end: number };
type Rule = (code: string, body: Place) => readonly (Place & { readonly becomes: string })[];

export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const code = blanked(text);
  const found = bodies(code).flatMap((body) => RULES.flatMap((rule) => rule(code, body)));
  const headers = guardedHeaders(code);
  const seen = new Set<string>();
  return [...found, ...headers]
    .sort((a, b) => a.start - b.start || a.end - b.end || (a.becomes < b.becomes ? -1 : 1))
    .map(({ start, end, becomes }) => ({
      file,
      line: code.slice(0, start).split('\n').length,
      start,
      was: text.slice(start, end),
      becomes,
    }))
    .filter((mutant) => {
      const key = `${mutant.start} ${mutant.was} ${mutant.becomes}`;
      const fresh = !seen.has(key) && mutant.was !== mutant.becomes;
      seen.add(key);
      return fresh;
    });
}

export function apply(text: string, { start, was, becomes }: Mutant): string {
  return text.slice(0, start) + becomes + text.slice(start + was.length);
}

/** A condition that always or never holds. */
const conditions: Rule = (code, body) =>
  matches(code, body, /\b(if|while) \(/g).flatMap(({ end, text }) => {
    const place = { start: end, end: closing(code, end - 1) };
    // An endless loop shows nothing.
    return text.startsWith('while') ? [{ ...place, becomes: 'false' }] : ['true', 'false'].map((becomes) => ({ ...place, becomes }));
  });

const swaps =
  (pattern: RegExp, table: Readonly<Record<string, readonly string[]>>): Rule =>
  (code, body) =>
    matches(code, body, pattern).flatMap(({ start, end, text }) => {
      const lead = text.length - text.trimStart().length;
      return (table[text.trim()] ?? [])
        .map((becomes) => ({ start: start + lead, end: start + lead + text.trim().length, becomes }))
        .filter(() => end > start);
    });

const comparisons = swaps(/ (<=|>=|==|!=|<|>) /g, {
  '<': ['<='],
  '<=': ['<'],
  '>': ['>='],
  '>=': ['>'],
  '==': ['!='],
  '!=': ['=='],
});
const logic = swaps(/ (&&|\|\|) /g, { '&&': ['||'], '||': ['&&'] });
const arithmetic = swaps(/ ([-+*/%]|<<|>>|[-+]=) /g, {
  '+': ['-'],
  '-': ['+'],
  '*': ['+'],
  '/': ['*'],
  '%': ['+'],
  '<<': ['>>'],
  '>>': ['<<'],
  '+=': ['-=', '='],
  '-=': ['+=', '='],
});
const flips = swaps(/\b(true|false)\b/g, { true: ['false'], false: ['true'] });

const negations: Rule = (code, body) => matches(code, body, /!(?=[\w(])/g).map(({ start, end }) => ({ start, end, becomes: '' }));

/** One more than it says. */
const numbers: Rule = (code, body) =>
  matches(code, body, /(?<![\w.$])\d[\d_]*(?![\w.])/g).map(({ start, end, text }) => ({
    start,
    end,
    becomes: String(Number(text.replaceAll('_', '')) + 1),
  }));

/** The other branch of a ternary that ends where its line, its argument or its bracket ends. */
const branches: Rule = (code, body) =>
  matches(code, body, / \? ([^?:;]+?) : /g).flatMap(({ start, end, text }) => {
    const yes = text.slice(3, -3);
    const until = expressionEnd(code, end);
    const no = code.slice(end, until);
    return no.includes('?') ? [] : [{ start, end: until, becomes: ` ? ${no} : ${yes}` }];
  });

/** A statement less. Declarations stay: without them nothing compiles. */
const deletions: Rule = (code, body) =>
  statements(code, body)
    .filter(({ start, end }) => REMOVABLE.test(code.slice(start, end)))
    .map(({ start, end }) => ({ start, end, becomes: ';' }));

const REMOVABLE =
  /^(?:delete |emit |break|continue|[\w.]+(?:\[[^;]*?\])*(?:\.\w+)* ?(?:=|\+=|-=)[^=]|\([^()]*\) = |[\w.[\]]+(?:\+\+|--)|\+\+|[\w.[\]()]+\([^;]*\);$)/;

const RULES: readonly Rule[] = [conditions, comparisons, logic, arithmetic, flips, negations, numbers, branches, deletions];

/** Who may call: a modifier less. */
function guardedHeaders(code: string): readonly (Place & { readonly becomes: string })[] {
  return matches(code, { start: 0, end: code.length }, / (onlyOwner|onlyGuardian)(?= \{)/g).map(({ start, end }) => ({
    start,
    end,
    becomes: '',
  }));
}

/** Insides of functions, constructors and modifiers, and right sides of constants. */
function bodies(code: string): readonly Place[] {
  const heads = matches(code, { start: 0, end: code.length }, /\b(function|constructor|modifier)\b[^;{]*\{/g);
  const constants = matches(code, { start: 0, end: code.length }, /\bconstant \w+ = [^;]*;/g).map(({ start, end }) => ({ start, end }));
  return [...heads.map(({ end }) => ({ start: end, end: closing(code, end - 1) })), ...constants];
}

function statements(code: string, body: Place): readonly Place[] {
  const found: Place[] = [];
  let start = body.start;
  let depth = 0;
  for (let at = body.start; at < body.end; at += 1) {
    const sign = code[at]!;
    if (sign === '(') depth += 1;
    if (sign === ')') depth -= 1;
    if (depth > 0 || !/[;{}]/.test(sign)) continue;
    const lead = /^\s*(?:(?:if|for|while) \((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*\) |else )?/.exec(code.slice(start, at + 1))![0]
      .length;
    if (sign === ';') found.push({ start: start + lead, end: at + 1 });
    start = at + 1;
  }
  return found;
}

function matches(code: string, { start, end }: Place, pattern: RegExp): readonly (Place & { readonly text: string })[] {
  return [...code.slice(start, end).matchAll(pattern)].map((match) => ({
    start: start + match.index,
    end: start + match.index + match[0].length,
    text: match[0],
  }));
}

/** Where the bracket that opens at `open` closes. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if ('([{'.includes(code[at]!)) depth += 1;
    if (')]}'.includes(code[at]!)) depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`a bracket at ${open} that never closes`);
}

function expressionEnd(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    if ('([{'.includes(code[at]!)) depth += 1;
    if (')]}'.includes(code[at]!)) depth -= 1;
    if (depth < 0 || (depth === 0 && /[,;]/.test(code[at]!))) return at;
  }
  return code.length;
}

/** Comments and strings as blanks, every position as before. */
function blanked(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"[^"\n]*"/g, (found) =>
    found.startsWith('"') ? `"${' '.repeat(found.length - 2)}"` : found.replaceAll(/[^\n]/g, ' '),
  );
}
