// The page of a training, in Chromium, during a real run:  node serve_test.mjs TOOL NPM FOLDER [SCREENSHOTS]
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expectGood, expectTabs, openBrowser, tabTo, until } from './browser.mjs';
import { end, expect } from './engine.mjs';

const [tool, npm, folder, pictures] = process.argv.slice(2);
let origin = '';
const browser = await openBrowser(npm, (url) => url.startsWith(origin) || url.startsWith('data:'));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
if (pictures) mkdirSync(pictures, { recursive: true });

/** A training with a page, and what it prints. */
async function served(words) {
  const run = spawn(tool, ['train', '--serve', ...words], { cwd: folder });
  const made = { said: '', code: null };
  process.on('exit', () => run.kill('SIGKILL'));
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (text) => made.said += text);
  run.on('exit', (code) => made.code = code);
  for (let i = 0; i < 600 && !made.address; ++i) {
    await new Promise((done) => setTimeout(done, 100));
    made.address = /http:\S+/.exec(made.said)?.[0];
  }
  if (!made.address) throw new Error(`no page: ${made.said}`);
  made.ended = () => new Promise((done) => (made.code === null ? run.on('exit', done) : done()));
  made.kill = () => run.kill('SIGINT');
  origin = new URL(made.address).origin;
  return made;
}
const text = (page, where) => page.locator(where).innerText();
const step = async (page) => Number((await text(page, '#numbers dd >> nth=0')).split(' ')[0]);
const says = (page, words) => until(page, (of) => document.getElementById('state').textContent === of, words);

/** At three widths, light and dark, in three languages. */
async function looks(address, what) {
  for (const width of [400, 1024, 1920]) {
    for (const colorScheme of pictures || width === 1024 ? ['light', 'dark'] : ['light']) {
      for (const locale of width === 1024 && colorScheme === 'light' ? ['en-US', 'zh-CN', 'ja-JP'] : ['en-US']) {
        const page = await browser.open(address, { viewport: { width, height: 900 }, colorScheme, locale });
        await page.waitForSelector('svg path', { state: 'attached' });
        await page.waitForTimeout(250);
        const name = `${what}-${width}-${colorScheme}${locale === 'en-US' ? '' : '-' + locale.slice(0, 2)}`;
        await expectGood(page, name);
        if (pictures) await page.screenshot({ path: join(pictures, `serve-${name}.png`), fullPage: true });
        await page.context().close();
      }
    }
  }
}

// While it trains: curves, statistics, samples; and a thousand requests, which the training does not mind.
const small = ['--data', 'digits', '--steps', '10000000', '--train.report_every', '500', '--threads', '1'];
const run = await served([...small, '--serve-control', '--serve-keep', '--out', 'run']);
const page = await browser.open(run.address);
await says(page, 'Training');
await until(page, () => document.querySelectorAll('#charts figure').length >= 3 && document.querySelectorAll('#samples img').length === 12);
expect(await page.locator('#layers tbody tr').count() === 4, 'statistics of four parameters');
expect((await text(page, '#facts')).includes('two_layer_net'), await text(page, '#facts'));
const before = await step(page);
const answers = await page.evaluate(async () => {
  const made = { good: 0, bad: 0 };
  for (let i = 0; i < 50; ++i) {
    await Promise.all(Array.from({ length: 20 }, (_, k) => fetch(k % 2 ? 'info' : '.').then((answer) => (answer.ok ? ++made.good : ++made.bad))));
  }
  return made;
});
expect(answers.good === 1000 && answers.bad === 0, `a thousand requests: ${JSON.stringify(answers)}`);
await until(page, (of) => Number(document.querySelector('#numbers dd').textContent.split(' ')[0]) > of, before);
await looks(run.address, 'training');

// What may be asked, with the keyboard alone.
await tabTo(page, '#log');
await page.keyboard.press('Space');
expect(await page.isChecked('#log'), 'a logarithmic loss');
await page.evaluate(() => document.activeElement.blur());
await tabTo(page, '#pause');
await page.keyboard.press('Enter');
await says(page, 'Paused');
const paused = await step(page);
await page.waitForTimeout(300);
expect(await step(page) === paused, 'it stands');
await expectTabs(page, 'paused');
await looks(run.address, 'paused');
await page.click('#step');
await until(page, (of) => Number(document.querySelector('#numbers dd').textContent.split(' ')[0]) === of + 1, paused);
await page.fill('#lr', '0.0125');
await page.press('#lr', 'Enter');
await page.click('#checkpoint');
await page.click('#pause');
await says(page, 'Training');
await until(page, () => document.querySelector('#numbers').textContent.includes('0.0125'));
await page.fill('#lr', 'much');
await page.press('#lr', 'Enter');
await until(page, () => document.getElementById('answer').textContent.length > 5);
await page.locator('#charts svg').first().focus();
await page.keyboard.press('ArrowLeft');
expect((await text(page, '#charts figcaption >> nth=0')).includes('@'), 'what was at a step');
for (const [language, word] of [['zh', '训练中'], ['ja', '学習中'], ['en', 'Training']]) {
  await page.selectOption('#language', language);
  expect(await text(page, '#state') === word, language);
}

// The end: the page becomes the report, and stays.
page.on('dialog', (dialog) => dialog.accept());
await page.click('#stop');
await page.waitForSelector('h2#curves');
await expectTabs(page, 'the report');
await looks(run.address, 'report');
run.kill();
await run.ended();
expect(run.code === 0 && run.said.includes('checkpoint of step'), `the end: ${run.code} ${run.said}`);
await page.context().close();

// Without leave to control: no buttons. An error at the end is told.
const watched = await served(small);
const only = await browser.open(watched.address);
await says(only, 'Training');
expect(!await only.isVisible('#control'), 'nothing may be asked');
watched.kill();
await watched.ended();
await until(only, () => document.querySelector('h2#curves') || /not answer/.test(document.getElementById('state')?.textContent));
await only.context().close();

await browser.close();
end();
