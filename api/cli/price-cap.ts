/** `plimsoll price-cap`: is this update of a capped ratio feed safe as a whole? */
import type { Command } from 'commander';
import { print, printJson } from './terminal.ts';

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('price-cap <file>')
    .description('Judge an update of a capped ratio feed (CAPO) as a whole: snapshot, its time and growth together')
    .option('--json', 'the answer as JSON on standard output')
    .addHelpText(
      'after',
      `
The file holds ratios as integers of the feed (18 decimals), times in seconds since 1970:
  {"asset":"wstETH","nowSeconds":1773143160,"marketRatio":"1228900000000000000",
   "from":{"ratio":"1157209899495068171","takenAtSeconds":1708004591,"growthBps":968},
   "wanted":{"ratio":"1191926196479920216","takenAtSeconds":1772538360,"growthBps":872},
   "bounds":{"ratioChangeBps":300,"growthChangeBps":1000,"ageSeconds":604800}}

Example:
  $ plimsoll price-cap update.json
`,
    )
    .action(async (file: string, { json }: { readonly json?: boolean }) => {
      const { readText } = await import('../voyage.ts');
      const PriceCap = await import('../../tuner/price-cap.ts');
      const answer = PriceCap.judge(PriceCap.parseQuestion(await readText(file), file));
      if (json) printJson(answer);
      else print(`${answer.asset}: ${answer.verdict}${answer.binding === null ? '' : ` (${answer.binding})`}. ${answer.says}\n`);
      end(answer.verdict === 'hold' ? REFUSED : 0);
    });
}
