// Pages in Chromium, and what holds for each of them: names, widths, contrast, the Tab key, a quiet console, no request.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, skip } from './engine.mjs';

/** A browser with playwright-core of that folder; the test is skipped where something is missing. */
export async function openBrowser(npm, allowed, allowedWords = () => false) {
  const file = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(join(npm, 'node_modules/playwright-core'))) skip('playwright-core is not there: ./chainrule web fetches it');
  if (!existsSync(file)) skip(`${file} is not there: scripts/install-deps.sh web`);
  const { chromium } = createRequire(join(npm, 'package.json'))('playwright-core');
  const browser = await chromium.launch({ executablePath: file, args: ['--no-sandbox'] });
  const said = [], asked = [];
  return {
    async open(address, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', reducedMotion: 'reduce', ...options });
      context.on('request', (request) => !allowed(request.url()) && asked.push(request.url()));
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      page.on('websocket', (socket) => asked.push(socket.url()));
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text()));
      page.on('pageerror', (error) => said.push(String(error)));
      await page.goto(address);
      return page;
    },
    /** Nothing was said on the console, and nobody else was asked for anything. */
    async close() {
      expect(said.filter((each) => !allowedWords(each)).length === 0, `the console: ${said.join('\n')}`);
      expect(asked.length === 0, `asked for ${asked.join(', ')}`);
      await browser.close();
    },
  };
}

/** What is wrong with the page as it is now, whoever looks at it. */
export async function expectGood(page, what) {
  const { wide, unnamed, pale } = await page.evaluate(faults);
  expect(wide <= 0, `${what}: ${wide} px too wide`);
  expect(unnamed.length === 0, `${what}: without a name: ${unnamed.join('\n')}`);
  expect(pale.length === 0, `${what}: contrast below 4.5: ${pale.join('\n')}`);
}

function faults() {
  const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      known.set(colour, [...pen.getImageData(0, 0, 1, 1).data].map((each) => each / 255));
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((each, i) => each * a + below[i] * (1 - a));
  const ground = (element) => {
    if (!element) return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [1, 1, 1];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const light = (colour) => colour.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  /** What is painted below a text of a picture. */
  const painted = (text) => {
    const at = text.getBoundingClientRect(), x = at.left + at.width / 2, y = at.top + at.height / 2;
    const shapes = [...text.ownerSVGElement.querySelectorAll('rect, circle')].filter((each) => {
      const box = each.getBoundingClientRect(), before = each.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
      return before && box.left < x && x < box.right && box.top < y && y < box.bottom && getComputedStyle(each).fill !== 'none';
    });
    return shapes.reduce((below, each) => {
      const { fill, fillOpacity, opacity } = getComputedStyle(each), [r, g, b, a] = rgba(fill);
      return over([r, g, b, a * Number(fillOpacity) * Number(opacity)], below);
    }, ground(text));
  };
  const contrast = (element) => {
    const style = getComputedStyle(element), below = element instanceof SVGElement ? painted(element) : ground(element);
    const ink = [...rgba(element instanceof SVGElement ? style.fill : style.color)];
    for (let each = element; each; each = each.parentElement) ink[3] *= Number(getComputedStyle(each).opacity);
    const [a, b] = [light(over(ink, below)), light(below)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const seen = (each) => each.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !each.closest(':disabled, option');
  const texts = new Set([...document.querySelectorAll('input:not([type=range], [type=checkbox]), select, textarea')]);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && !parent.closest('script, style, noscript, option')) texts.add(parent);
  }
  const pale = [...texts].filter(seen).map((each) => [each, contrast(each)]).filter(([, ratio]) => ratio < 4.5)
    .map(([each, ratio]) => `${ratio.toFixed(2)} ${each.outerHTML.slice(0, 90)}`);
  const unnamed = [...document.querySelectorAll('button, a[href], select, input, textarea, summary, canvas[role], svg[role], img, dialog')]
    .filter((each) => !each.getAttribute('aria-label') && !each.labels?.length && !each.textContent.trim() && !each.alt && !each.getAttribute('aria-labelledby'))
    .map((each) => each.outerHTML.slice(0, 100));
  const root = document.documentElement;
  return { wide: root.scrollWidth - root.clientWidth, unnamed, pale: pale.slice(0, 12) };
}

/** The Tab key comes to every control that is not switched off, and each then shows that it has the focus. */
export async function expectTabs(page, what) {
  const count = await page.evaluate(() => {
    document.activeElement?.blur();
    window.tabs = new Set([...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((each) =>
      (each.tabIndex >= 0 || !each.matches('[role=radio], [role=tab], main')) && !each.disabled && each.checkVisibility() && (!document.querySelector('dialog[open]') || each.closest('dialog'))));
    window.dim = [];
    return window.tabs.size;
  });
  for (let i = 0; i < count + 4; ++i) {
    await page.keyboard.press('Tab');
    await page.evaluate(() => {
      const now = document.activeElement, style = getComputedStyle(now);
      window.tabs.delete(now);
      if (now !== document.body && style.outlineStyle === 'none' && style.boxShadow === 'none') window.dim.push(now.outerHTML.slice(0, 90));
    });
  }
  const left = await page.evaluate(() => [...window.tabs].map((each) => each.outerHTML.slice(0, 90)));
  const dim = await page.evaluate(() => window.dim);
  expect(count > 0 && left.length === 0, `${what}: of ${count} the Tab key does not come to ${left.join('\n')}`);
  expect(dim.length === 0, `${what}: nothing shows the focus of ${dim.join('\n')}`);
}

/** With the Tab key alone to what is meant. */
export async function tabTo(page, where) {
  for (let i = 0; i < 250; ++i) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), where)) return true;
  }
  expect(false, `the Tab key does not come to ${where}`);
  return false;
}

/** Until it holds on the page; asked from outside, as a page may forbid what it would need to watch itself. */
export async function until(page, holds, argument) {
  for (let i = 0; i < 600; ++i) {
    if (await page.evaluate(holds, argument)) return;
    await page.waitForTimeout(50);
  }
  throw new Error(`it never held: ${holds}`);
}
