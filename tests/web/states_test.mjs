// Each state of the pages, at three widths, light and dark: names, contrast, the Tab key; and all by keyboard alone.
//   node states_test.mjs SITE NPM [SCREENSHOTS]
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expectGood, expectTabs, openBrowser, tabTo } from './browser.mjs';
import { end, expect, skip } from './engine.mjs';
import { draw, plainDigits } from './plain_digits.mjs';

const [site, npm, pictures] = process.argv.slice(2);
if (!existsSync(join(site, 'index.html'))) skip(`${site} is not built: ./chainrule web does it`);
const browser = await openBrowser(npm, (url) => /^(file|data|blob):/.test(url));
const address = pathToFileURL(join(site, 'index.html')).href;
if (pictures) mkdirSync(pictures, { recursive: true });

const open = async (hash, options = {}) => {
  const page = await browser.open(address + hash, options);
  await page.waitForSelector('main');
  return page;
};
const act = (page, what) => page.click(`[data-do=${what}]`);
const text = (page, where) => page.locator(where).first().innerText();
const trained = (page) => page.waitForSelector('[data-do=train]:disabled', { timeout: 180_000 });
const kind = async (page, name) => {
  await page.click(`[data-kind=${name}]`);
  await page.waitForTimeout(200);
};
const steps = async (page, count) => {
  await page.fill('.learning [name=steps]', String(count));
  await page.press('.learning [name=steps]', 'Enter');
  await page.waitForTimeout(150);
};
const drop = (page) => page.evaluate(() => {
  const data = new DataTransfer(), rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 4},${i % 7 > 3 ? 'red' : i % 3 ? 'green' : 'blue'}`);
  data.items.add(new File(['length,width,height,colour\n' + rows.join('\n') + '\n'], 'flowers.csv'));
  document.querySelector('.netCard').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
});
// One after the other on the same page: what is done to come there from the one before.
const states = {
  first: (page) => steps(page, 1_000_000), // longer than anybody looks
  training: async (page) => {
    await act(page, 'train');
    await page.waitForTimeout(500);
  },
  paused: (page) => act(page, 'train'),
  neuron: (page) => page.locator('[data-unit="tanh1/3"]').click(),
  weight: (page) => page.locator('[data-weight="affine2.weight[2,5]"]').dispatchEvent('click'),
  sample: (page) => page.locator('.dots').click({ position: { x: 150, y: 150 } }),
  check: (page) => act(page, 'check'),
  home: (page) => act(page, 'home'),
  link: (page) => page.locator('dialog [role=tab]').nth(3).click(),
  onnx: (page) => page.locator('dialog [role=tab]').nth(4).click(),
  compare: async (page) => {
    await act(page, 'close');
    await act(page, 'compare');
    await page.locator('.learning .choice > .field select').nth(1).selectOption('sgd');
    await page.waitForTimeout(200);
    await act(page, 'train');
    await page.waitForTimeout(800);
    await act(page, 'train');
  },
  circle: async (page) => {
    await act(page, 'compare');
    await kind(page, 'circle');
  },
  xor: (page) => kind(page, 'xor'),
  moons: (page) => kind(page, 'moons'),
  plane: (page) => kind(page, 'plane'),
  waves: async (page) => {
    await kind(page, 'waves');
    await steps(page, 800);
    await act(page, 'train');
    await trained(page);
  },
  noPoints: (page) => kind(page, 'own'),
  points: async (page) => {
    for (const [x, y] of [[60, 60], [80, 50], [70, 90], [90, 75]]) await page.click('.pad', { position: { x, y } });
    await page.selectOption('.data .field select', 'b');
    for (const [x, y] of [[160, 160], [180, 150], [170, 190], [190, 175]]) await page.click('.pad', { position: { x, y } });
    await page.waitForTimeout(200);
    await act(page, 'train');
    await trained(page);
  },
  noTable: (page) => kind(page, 'csv'),
  table: async (page) => {
    await drop(page);
    await page.waitForSelector('.data code');
    await page.waitForTimeout(200);
    await act(page, 'train');
    await trained(page);
  },
  wrong: async (page) => {
    await page.fill('.learning [name=batch_size]', '0');
    await page.press('.learning [name=batch_size]', 'Enter');
    await page.waitForSelector('.play > [role=alert]:not([hidden])');
  },
  digits: async (page) => {
    await page.fill('.learning [name=batch_size]', '16');
    await page.press('.learning [name=batch_size]', 'Enter');
    await kind(page, 'digits');
    await page.waitForSelector('.digit');
    await steps(page, 300);
  },
  digit: async (page) => {
    await act(page, 'train');
    await trained(page);
    await page.locator('.digit').scrollIntoViewIfNeeded();
    await draw(page, '.digit', plainDigits[7]);
  },
  explained: async (page) => {
    await page.click('[data-page=explain]');
    await page.waitForSelector('.graph svg');
  },
  middle: async (page) => {
    await page.check('[name=order]');
    await page.check('[name=check]');
    await act(page, 'firstStep');
    for (let i = 0; i < 6; ++i) await act(page, 'nextStep');
  },
  caret: async (page) => {
    await page.fill('[name=expression]', 'z = w*x + b; sigmoid(z * * 2)');
    await page.waitForSelector('.explain [role=alert]:not([hidden])');
  },
};

const few = ['first', 'neuron', 'home', 'table', 'wrong', 'digit', 'explained'];
async function walk(language, widths, schemes, only = Object.keys(states)) {
  const page = await open('', { viewport: { width: widths[0], height: 950 } });
  await page.selectOption('[name=language]', language);
  for (const [name, go] of Object.entries(states)) {
    await go(page);
    if (!only.includes(name)) continue;
    for (const width of pictures || few.includes(name) ? widths : widths.slice(0, 1)) {
      await page.setViewportSize({ width, height: 950 });
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(60);
        const what = `${name}-${width}-${colorScheme}-${language}`;
        await expectGood(page, what);
        if (pictures) await page.screenshot({ path: join(pictures, `${what}.png`), fullPage: !(await page.$('dialog[open]')) });
      }
    }
    await page.setViewportSize({ width: widths[0], height: 950 });
    if (name !== 'training' && language === 'en') await expectTabs(page, name);
  }
  await page.context().close();
}
await walk('en', [1024, 400, 1920], ['light', 'dark']);
for (const language of ['zh', 'ja']) await walk(language, [1024, 400], ['light'], few);

// With the keyboard alone: choose data, change the net and the optimizer, train, ask for a weight, take it home.
const page = await open('');
await page.keyboard.press('Tab');
await page.keyboard.press('Enter');
expect(await page.evaluate(() => document.activeElement.id) === 'main', 'the link that skips to the page');
await tabTo(page, '[data-kind=spiral]');
await page.keyboard.press('ArrowRight');
await page.waitForTimeout(150);
expect(await page.evaluate(() => document.activeElement.dataset.kind) === 'moons' && await page.isVisible('[data-kind=moons][aria-checked=true]'), 'the next data by an arrow key');
await page.keyboard.press('Home');
await page.waitForTimeout(150);
expect(await page.isVisible('[data-kind=circle][aria-checked=true]'), 'the first data');
await tabTo(page, '[name=noise]');
await page.keyboard.press('ArrowRight');
await tabTo(page, '.learning .choice:nth-child(2) select');
await page.keyboard.type('momentum');
await page.waitForTimeout(150);
await tabTo(page, '.learning [name=steps]');
await page.keyboard.press('Control+A');
await page.keyboard.type('500');
await page.keyboard.press('Enter');
await page.waitForTimeout(150);
await tabTo(page, '.layers li:nth-child(3) .units');
await page.keyboard.press('Control+A');
await page.keyboard.type('6');
await page.keyboard.press('Enter');
await page.waitForTimeout(150);
await page.evaluate(() => document.activeElement.blur());
await tabTo(page, '[data-do=step]');
await page.keyboard.press('Space');
expect((await text(page, '.status')).includes('step 1 of 500'), await text(page, '.status'));
await page.keyboard.press('Shift+Tab');
await page.keyboard.press('Enter');
await trained(page);
await tabTo(page, '[data-unit="tanh1/2"]');
await page.keyboard.press('Enter');
expect((await text(page, '.numbers h3')).includes('neuron 2'), 'a neuron');
await tabTo(page, '.numbers tbody button');
await page.keyboard.press('Enter');
expect((await text(page, '.numbers h3')) === 'affine1.weight[0,2]', 'its weight');
expect((await text(page, '.numbers')).includes('by momentum'), 'the optimizer that was chosen');
await page.evaluate(() => document.activeElement.blur());
await tabTo(page, '[data-do=home]');
await page.keyboard.press('Enter');
await tabTo(page, 'dialog [role=tab]');
for (const name of ['C++', 'Python']) {
  await page.keyboard.press('ArrowRight');
  expect((await page.inputValue(`[data-home="${name}"]`)).length > 200, name);
}
await page.keyboard.press('Escape');
expect(await page.locator('dialog').count() === 0 && await page.evaluate(() => document.activeElement.dataset.do) === 'home', 'back where it was');
await tabTo(page, '[data-do=compare]').catch(() => {});

await browser.close();
end();
