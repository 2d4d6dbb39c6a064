import { describe, expect, it } from 'vitest';
import { codeFiles, withoutComments, withoutCommentsAndStrings } from './tree.ts';

const TICK = '`';
const source = [
  "const a = 'Math.random() // no comment'; // a comment",
  `const b = ${TICK}words ** $\{Date.now() + $\{'}'} + ${TICK}inner $\{x}${TICK}} more${TICK};`,
  '/* two',
  'lines */ const c = { d: 1 };',
].join('\n');

describe('reading source', () => {
  it('blanks comments and keeps lines', () => {
    const code = withoutComments(source);
    expect(code).toContain("'Math.random() // no comment'");
    expect(code).not.toMatch(/a comment|two|lines/);
    expect(code.split('\n')).toHaveLength(4);
    expect(code).toHaveLength(source.length);
  });

  it('blanks words and keeps the code inside templates', () => {
    const code = withoutCommentsAndStrings(source);
    expect(code).not.toMatch(/Math\.random|words|\*\*|inner|more/);
    expect(code).toContain('Date.now()');
    expect(code).toContain('{ d: 1 }');
  });

  it('finds the tree', () => {
    expect(codeFiles().map(({ path }) => path)).toContain('base/errors.ts');
  });
});
