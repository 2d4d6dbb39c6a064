/**
 * Take a picture of a page that is already served: `node scripts/picture.mjs http://127.0.0.1:4200/ docs/page.png`.
 * Options after the two: --width 1600 --height 1000 --theme light|dark --full --scale 1. Needs a Chromium on this machine
 * (CHROMIUM names it, else the usual places are tried); starts no server itself.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '1600' },
    height: { type: 'string', default: '1000' },
    theme: { type: 'string', default: 'light' },
    scale: { type: 'string', default: '1' },
    full: { type: 'boolean', default: false },
  },
});
const [url, path] = positionals;
const places = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = places.find((place) => place !== '' && existsSync(place));
if (url === undefined || path === undefined || executablePath === undefined) {
  process.stderr.write(
    executablePath === undefined
      ? 'No Chromium found. Install it (Debian: apt-get install chromium) or name it: CHROMIUM=/path node scripts/picture.mjs URL FILE\n'
      : 'Usage: node scripts/picture.mjs URL FILE [--width 1600] [--height 1000] [--theme light|dark] [--full]\n',
  );
  process.exit(2);
}
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
    deviceScaleFactor: Number(values.scale),
    colorScheme: values.theme === 'dark' ? 'dark' : 'light',
  });
  await page.goto(url, { waitUntil: 'load' });
  await page.waitForSelector('.standing, .progress, .trouble', { timeout: 90_000 });
  await page.evaluate('document.fonts.ready');
  await page.waitForTimeout(400);
  await page.screenshot({ path, fullPage: values.full });
} finally {
  await browser.close();
}
