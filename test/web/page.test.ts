/**
 * The page in a real browser: what is drawn from results, progress and trouble; that it talks to its own host only, under
 * a strict content policy; that it fits a telephone, keeps its contrast by day and night, and works from the keyboard.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Scene, serve } from './serve.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CHROMIUM = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== '' && existsSync(path),
);

/** WCAG 2.2 AA for body text. */
const LEAST_CONTRAST = 4.5;

if (CHROMIUM === undefined) {
  process.stderr.write('Not covered: the page in a browser. Install Chromium (Debian: apt-get install chromium) or name it in CHROMIUM.\n');
}

describe('the built page', () => {
  let browser: Browser | undefined;

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/build-web.mjs'], { cwd: ROOT });
    if (CHROMIUM !== undefined) browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });

  it('has no inline script or style and names no other host', () => {
    const html = readFileSync(`${ROOT}web/dist/index.html`, 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*src=)/);
    expect(html).not.toMatch(/<style|style=|\son\w+=/);
    const css = readFileSync(`${ROOT}web/dist/page.css`, 'utf8');
    expect(`${html}${css}`).not.toMatch(/https?:\/\//);
  });

  describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
    const closing: (() => Promise<void>)[] = [];

    afterAll(async () => {
      await browser?.close();
      await Promise.all(closing.map((close) => close()));
    });

    /** One scene, opened; `complaints` collects console errors, uncaught errors and requests to other hosts. */
    async function open(scene: Scene, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
      const server = await serve(scene);
      closing.push(server.close);
      const context = await browser!.newContext({ viewport: { width: 1600, height: 1000 }, ...options });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith(server.url)) complaints.push(`asked ${request.url()}`);
      });
      await page.goto(server.url);
      await page.waitForSelector('.standing, .progress, .trouble');
      await page.waitForTimeout(150);
      return { page, complaints };
    }

    it('draws a result: a mark for each collateral, five charts, the calls, nothing to complain about', async () => {
      const { page, complaints } = await open('done');
      await expect.poll(() => page.locator('.mark').count()).toBe(11);
      await expect.poll(() => page.locator('.chart canvas').count()).toBe(5);
      await expect.poll(() => page.locator('.simulated').textContent()).toBe('Simulated');
      await expect.poll(() => page.locator('h1').textContent()).toBe('6 of 12 load lines should move. The loss budget is then kept.');
      await expect.poll(() => page.locator('tbody.line').first().textContent()).toContain('80.5');
      await expect.poll(() => page.locator('.calls li').count()).toBe(6);
      await expect.poll(() => page.locator('#verify code').first().textContent()).toBe('npx plimsoll verify .plimsoll/bundles/5f1c2a90d3');
      expect(complaints).toEqual([]);
    });

    it('shows the card of an asset, and of another one when asked; a failed diagnostic is said', async () => {
      const { page, complaints } = await open('done');
      const card = page.locator('#card');
      await expect.poll(() => card.locator('tbody tr').count()).toBe(11);
      await expect.poll(() => card.textContent()).toContain('Nothing left behind that these tests see');
      await expect.poll(() => card.textContent()).toContain('not known');
      await expect.poll(() => card.locator('svg rect').count()).toBe(20);
      await expect.poll(() => card.locator('svg').getAttribute('aria-label')).toContain('866, 867');
      await card.locator('select').selectOption('ETH');
      await expect.poll(() => card.textContent()).toContain('Ljung-Box, 20 lags, squares: doubtful; beta on its bound');
      await expect.poll(() => card.locator('tbody').first().textContent()).toContain('on its bound');
      await expect.poll(() => card.locator('.chart canvas').count()).toBe(2);
      expect(complaints).toEqual([]);
    });

    it('tables every point of the frontier, and says what is not reached', async () => {
      const { page } = await open('done');
      await expect.poll(() => page.locator('#frontier tbody tr').count()).toBe(9);
      await expect.poll(() => page.locator('#frontier tbody tr').nth(1).textContent()).toContain('$649 M');
      await expect.poll(() => page.locator('#frontier tbody tr', { hasText: 'beaten' }).count()).toBe(2);
      await expect.poll(() => page.locator('#frontier').textContent()).toContain('$10.0 M more power than today’s parameters');
      await expect.poll(() => page.locator('#frontier .canvas').getAttribute('aria-label')).toContain('recommended $649 M');
    });

    it('shows each cap with its interval and what bound it, and where the engine kept a bonus', async () => {
      const { page } = await open('done');
      await expect.poll(() => page.locator('#caps tbody tr').count()).toBe(3);
      await expect.poll(() => page.locator('#caps tbody tr').nth(0).textContent()).toContain('none → 10,000 10,000 to 24,000, depth');
      await expect.poll(() => page.locator('#caps tbody tr').nth(1).textContent()).toContain('5.0 3.5 to 4.25, bad-debt');
      await expect.poll(() => page.locator('#caps tbody tr').nth(2).textContent()).toContain('none not-in-panel');
    });

    it('judges other parameters by slider, from the keyboard, with errors and with what they break', async () => {
      const { page, complaints } = await open('done');
      const section = page.locator('#what-if');
      await page.keyboard.press('w');
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('what-if-title');
      await section.locator('select').selectOption('WETH');
      await section.locator('input[name=haircutBps]').focus();
      const before = await section.locator('output').first().textContent();
      for (let times = 0; times < 4; times += 1) await page.keyboard.press('ArrowRight');
      await expect.poll(() => section.locator('output').first().textContent()).not.toBe(before);
      await expect.poll(() => section.locator('tbody tr').count()).toBe(5);
      await expect.poll(() => section.locator('caption').textContent()).toContain('± is one standard error, of 4,000 paths');
      await expect.poll(() => section.textContent()).toContain('Breaks no constraint');
      await section.locator('select').selectOption('WBTC');
      await section.locator('input[name=haircutBps]').press('End');
      await expect.poll(() => section.locator('output').first().textContent()).toBe('100.0 %');
      await expect.poll(() => section.locator('li').textContent()).toContain('WBTC: the gap between LTV and threshold');
      await section.locator('button').click();
      await expect.poll(() => section.locator('table').count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    it('asks once for many movements, about the last of them', async () => {
      const { page } = await open('done');
      const sent: string[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/what-if')) sent.push(request.postData() ?? '');
      });
      const slider = page.locator('#what-if input[name=haircutBps]');
      await slider.press('Home');
      for (let times = 0; times < 8; times += 1) await page.keyboard.press('ArrowRight');
      await expect.poll(() => page.locator('#what-if tbody tr').count()).toBe(5);
      expect(sent.length).toBeLessThan(5);
      expect(sent.at(-1)).toContain('"haircutBps":9800');
    });

    it('explains when asked: shortfall without each change, other worlds, the split since another run', async () => {
      const { page, complaints } = await open('done');
      const section = page.locator('#explanation');
      await expect.poll(() => section.locator('tbody tr').count()).toBeGreaterThan(3);
      await expect.poll(() => section.textContent()).not.toContain('Shortfall without it');
      await section.locator('select').selectOption('run-0');
      await section.locator('button').focus();
      await page.keyboard.press('Enter');
      await expect.poll(() => section.locator('table').count()).toBe(4);
      await expect.poll(() => section.textContent()).toContain('volatility+$1.40 M');
      await expect.poll(() => section.textContent()).toContain('depth−$900 k');
      await expect.poll(() => section.locator('tr', { hasText: 'copula ×0.7' }).textContent()).toContain('$7.00 M ± $1.75 M');
      expect(complaints).toEqual([]);
    });

    it('holds past advice against what happened, and counts only what has passed', async () => {
      const { page, complaints } = await open('done');
      const section = page.locator('#regret');
      await expect.poll(() => section.locator('tbody tr').count()).toBe(3);
      await expect.poll(() => section.textContent()).toContain('Of 2 recommendations the advice was better 0 times, doing nothing 2');
      await expect.poll(() => section.textContent()).toContain('1 recommendation not judged');
      await expect.poll(() => section.locator('tbody tr').first().textContent()).toContain('$650 M −$10.0 M');
      await expect.poll(() => section.locator('.bad').count()).toBe(1);
      expect(complaints).toEqual([]);
    });

    it('gives every landmark, table and picture a name', async () => {
      const { page } = await open('done');
      await expect.poll(() => page.locator('main').count()).toBe(1);
      await expect.poll(() => page.locator('h1').count()).toBe(1);
      const unnamed = await page.evaluate(`[
        ...[...document.querySelectorAll('section')].filter((s) => !s.hasAttribute('aria-labelledby') && !s.hasAttribute('aria-label')).map((s) => s.id),
        ...[...document.querySelectorAll('[role=img]')].filter((s) => !s.getAttribute('aria-label')).map(() => 'picture'),
        ...[...document.querySelectorAll('table')].filter((t) => !t.querySelector('th[scope=col]')).map(() => 'table'),
        ...[...document.querySelectorAll('button')].filter((b) => !(b.textContent || b.getAttribute('aria-label'))).map(() => 'button'),
      ]`);
      expect(unnamed).toEqual([]);
    });

    // What a key changes is drawn a moment later: such states are waited for, never read at once.
    it('walks rows with j and k, opens with Enter, filters with /, helps with ?', async () => {
      const { page, complaints } = await open('done');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('k');
      await expect.poll(() => page.evaluate('document.activeElement.dataset.row')).toBe('WBTC');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('#details-WBTC').isVisible()).toBe(true);
      await expect.poll(() => page.locator('#details-WBTC').textContent()).toContain('36.5 %by history22.9 %Disagreement× 1.59');
      await page.keyboard.press('/');
      await page.keyboard.type('turbulent abstain');
      await expect.poll(() => page.locator('tbody.line').count()).toBe(1);
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('tbody.line').count()).toBe(12);
      await page.keyboard.press('?');
      await expect.poll(() => page.locator('dialog').isVisible()).toBe(true);
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('dialog').isVisible()).toBe(false);
      await page.keyboard.press('4');
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('frontier-title');
      await page.keyboard.press('7');
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('proposal-title');
      await page.keyboard.press('0');
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('verify-title');
      expect(complaints).toEqual([]);
    });

    it.each([390, 768, 1600])('does not scroll sideways at %i px, with every row open', async (width) => {
      const { page } = await open('done', { viewport: { width, height: 844 } });
      for (const row of await page.locator('button.row').all()) await row.click();
      for (const summary of await page.locator('summary').all()) await summary.click();
      await page.locator('#explanation select').selectOption('run-0');
      await page.locator('#explanation button').click();
      await page.locator('#what-if input').first().press('End');
      await expect.poll(() => page.locator('#explanation table, #what-if table').count()).toBe(5);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });

    it.each(['light', 'dark'] as const)('keeps text legible in %s', async (colorScheme) => {
      const { page } = await open('done', { colorScheme });
      await page.locator('#what-if input').first().press('End');
      await page.locator('#explanation select').selectOption('run-0');
      await page.locator('#explanation button').click();
      await expect.poll(() => page.locator('#explanation table, #what-if table').count()).toBe(5);
      const faint = (await page.evaluate(FAINT)) as { text: string; ratio: number }[];
      expect(faint.filter(({ ratio }) => ratio < LEAST_CONTRAST)).toEqual([]);
    });

    it('remembers a chosen theme and draws charts in it', async () => {
      const { page } = await open('done', { colorScheme: 'light' });
      await page.keyboard.press('t');
      await page.keyboard.press('t');
      await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
      await page.reload();
      await page.waitForSelector('.standing');
      await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(10, 16, 20)');
    });

    it('shows progress from the first answer and the result when the run ends, without a reload', async () => {
      const { page, complaints } = await open('progress');
      await expect.poll(() => page.locator('.steps li').count()).toBe(8);
      await expect.poll(() => page.locator('[aria-live=polite]').first().textContent()).toMatch(/^Step \d of 8: \w+$/);
      await page.waitForSelector('.standing', { timeout: 10_000 });
      await expect.poll(() => page.locator('.progress').count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    it('keeps the last result while a newer run works', async () => {
      const { page } = await open('rerunning');
      await expect.poll(() => page.locator('.underway').textContent()).toContain('tune');
      await expect.poll(() => page.locator('.mark').count()).toBe(11);
    });

    it('shows a failed run as its problem, with what to do', async () => {
      const { page } = await open('failed');
      const trouble = await page.locator('.trouble').textContent();
      expect(trouble).toContain('Files.BadNumberError');
      expect(trouble).toContain('prices.csv, line 17, column close');
      expect(trouble).toContain('Remove the row');
    });

    it('says what to do when there is no run, and when the server cannot answer', async () => {
      const { page } = await open('empty');
      await expect.poll(() => page.locator('.trouble').textContent()).toContain('npx plimsoll run');
      const broken = await open('broken');
      await broken.page.waitForSelector('.trouble');
      await expect.poll(() => broken.page.locator('.trouble').textContent()).toContain('Store.LockedError');
      await expect.poll(() => broken.page.locator('.trouble').textContent()).toContain('Stop the other process.');
    });
  });
});

/** Contrast of every visible text node against the nearest painted background, in the page: the faintest first. */
const FAINT = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const background = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return rgba('white');
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element === null || node.data.trim() === '' || !element.checkVisibility() || element.closest('.is-abstain svg')) continue;
    const style = getComputedStyle(element);
    const ink = luminance(rgba(element.closest('svg') === null ? style.color : style.fill));
    const ground = luminance(background(element));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    found.set(element.tagName + '.' + element.getAttribute('class'), { text: node.data.slice(0, 40), ratio: Math.round(ratio * 100) / 100 });
  }
  return [...found.values()].sort((a, b) => a.ratio - b.ratio);
})()`;
