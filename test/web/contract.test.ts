/**
 * The page's own types against the server's schema: what the server answers can be read as the page's `Page` (checked by the
 * compiler), and the fixture the page is tested with is something the server could have sent.
 */
import { expect, it } from 'vitest';
import { Page as Served } from '../../api/page.ts';
import { Setting } from '../../tuner/explanation/setting.ts';
import type * as Answers from '../../web/answers.ts';
import type { Page } from '../../web/page.ts';
import { explanation, judgement, regrets } from './answers.ts';
import { donePage, runOf } from './fixture.ts';

it('the fixture is an answer of the server, and every answer of the server is a page', () => {
  const served: Page = Served.parse(donePage());
  expect(served.result?.recommendation.assets).toHaveLength(12);
});

it('a result stored before frontiers were traced and caps reckoned is still one', () => {
  const page = donePage();
  const { frontier: _, caps: __, ...old } = page.result!;
  expect(Served.parse({ ...page, result: old }).result?.frontier).toBeUndefined();
});

it.each(['running', 'failed', 'done'] as const)('a %s run is one the server could report', (status) => {
  const served: Page = Served.parse({ version: '0.1.0', run: runOf(status, 2), result: null });
  expect(served.run?.steps).toHaveLength(8);
});

it('answers about a run can be read by the page, and what the page asks by the server', () => {
  const explained: Answers.Explanation = explanation(true);
  expect(Object.keys(explained.attribution!.byDriver)).toHaveLength(7);
  const setting: Answers.Setting = { start: 'advised', changes: [{ asset: 'WETH', haircutBps: 2_000 }], paths: 1_024 };
  const judged: Answers.Judgement = judgement(Setting.parse(setting));
  expect(judged.paths).toBe(1_024);
  const past: Answers.Regrets = regrets();
  expect(past.trackRecord).toMatchObject({ recommendations: 3, judged: 2, inside: 1 });
});
