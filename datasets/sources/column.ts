/**
 * Column: numbers that arrive one by one, of which nobody knows how many. Blocks that double up to a size, joined once at the end: what
 * is held beyond the numbers themselves is bounded, however many there are.
 */
export type Column = { push(value: number): void; finish(): Float64Array };

const FIRST_BLOCK = 256;
const LARGEST_BLOCK = 65_536;

export function column(): Column {
  const full: Float64Array[] = [];
  let block = new Float64Array(FIRST_BLOCK);
  let used = 0;
  let before = 0;
  return {
    push(value) {
      if (used === block.length) {
        full.push(block);
        before += used;
        block = new Float64Array(Math.min(LARGEST_BLOCK, 2 * block.length));
        used = 0;
      }
      block[used] = value;
      used += 1;
    },
    finish() {
      const whole = new Float64Array(before + used);
      let at = 0;
      for (const one of full) {
        whole.set(one, at);
        at += one.length;
      }
      whole.set(block.subarray(0, used), at);
      full.length = 0;
      block = new Float64Array(0);
      return whole;
    },
  };
}
