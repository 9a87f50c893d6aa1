// The pages in Chromium, every control used, and the tool's numbers:  node page_test.mjs SITE NPM TOOL FOLDER
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openBrowser } from './browser.mjs';
import { end, expect, run, skip } from './engine.mjs';
import { draw, moved, plainDigits } from './plain_digits.mjs';

const [site, npm, tool, folder] = process.argv.slice(2);
if (!existsSync(join(site, 'index.html'))) skip(`${site} is not built: ./chainrule web does it`);
const browser = await openBrowser(npm, (url) => /^(file|data|blob):/.test(url));
const address = pathToFileURL(join(site, 'index.html')).href;

async function open(hash = '') {
  const page = await browser.open(address + hash);
  await page.waitForSelector('main');
  return page;
}
const act = (page, what) => page.click(`[data-do=${what}]`);
const text = (page, where) => page.locator(where).first().innerText();
const loss = async (page, side = 'a') => Number(await text(page, `[data-run=${side}] .lossNow`));
/** Until the run is over. */
async function trained(page) {
  await page.waitForSelector('[data-do=train]:disabled, .play > [role=alert]:not([hidden])', { timeout: 180_000 });
  const alert = page.locator('.play > [role=alert]');
  if (await alert.isVisible()) throw new Error(await alert.innerText());
}
async function set(page, name, value) {
  await page.fill(`.learning [name=${name}]`, value);
  await page.press(`.learning [name=${name}]`, 'Enter');
  await page.waitForTimeout(150);
}

// Train, pause, one step, reset; to a stated loss.
let page = await open();
await set(page, 'steps', '10000000'); // more than a pause is late
await act(page, 'step');
expect((await text(page, '.status')).includes('step 1 of 10000000'), 'one step');
await act(page, 'train');
await page.waitForTimeout(400);
await act(page, 'train');
const paused = await text(page, '.status');
await page.waitForTimeout(200);
expect(paused === await text(page, '.status') && !paused.includes('step 1 '), `paused: ${paused}`);
await set(page, 'steps', '4000');
await act(page, 'reset');
expect((await text(page, '.status')).includes('step 0 of 4000'), 'reset');
await act(page, 'train');
await trained(page);
expect(await loss(page) < 0.05, `the spiral is learnt: ${await loss(page)}`);
expect(await page.locator('.curves .line').count() === 2, 'two curves');
expect(await page.locator('.histogram').count() === 6, 'six histograms');
const first = await text(page, '.status');

// The same seed, the same run; another one, another.
await act(page, 'reset');
await act(page, 'train');
await trained(page);
const again = await text(page, '.status');
expect(again.replace(/, \d+ steps.s/, '') === first.replace(/, \d+ steps.s/, ''), `again: ${again}`);

// Numbers of a neuron, a weight, a row, by pointer and by keyboard.
await page.click('[data-unit="tanh1/3"]');
expect((await text(page, '.numbers')).includes('neuron 3'), 'a neuron');
await page.locator('.numbers table button').first().click();
expect((await text(page, '.numbers h3')) === 'affine1.weight[0,3]', 'a weight of it');
expect((await text(page, '.numbers')).includes('Step 4001 by adam'), 'its update');
await page.uncheck('[name=batch]');
expect((await text(page, '.numbers')).includes('row 0 of the train part'), 'of one row');
await page.locator('[data-weight="affine2.weight[2,5]"]').dispatchEvent('click');
expect((await text(page, '.numbers h3')) === 'affine2.weight[2,5]', 'a line');
await page.selectOption('[name=parameter]', 'affine3.bias');
await page.fill('[name=index]', '1');
await act(page, 'explainWeight');
expect((await text(page, '.numbers h3')) === 'affine3.bias[1]', 'chosen by keyboard');
await page.locator('.dots').click({ position: { x: 150, y: 150 } });
await page.fill('[name=row]', '7');
await page.press('[name=row]', 'Enter');
expect((await text(page, '.numbers h3')).startsWith('row 7 of the'), 'a row');
await act(page, 'check');
await page.waitForSelector('[data-verdict=agree]');

// Take it home.
await act(page, 'home');
expect((await page.inputValue('[data-home="run.toml"]')).includes('sequential([affine(outputs=8), tanh'), 'run.toml');
const saved = page.waitForEvent('download');
await act(page, 'download');
expect((await saved).suggestedFilename() === 'run.toml', 'run.toml is saved');
for (const name of ['C++', 'Python', 'Link']) {
  await page.click(`dialog [role=tab]:has-text("${name}")`);
  expect((await page.inputValue(`[data-home="${name}"]`)).length > 40, name);
}
await page.click('dialog [role=tab]:has-text("ONNX")');
expect((await text(page, '[data-home=ONNX]')).includes('114 parameters'), await text(page, '[data-home=ONNX]'));
const savedOnnx = page.waitForEvent('download');
await act(page, 'downloadOnnx');
const onnx = readFileSync(await (await savedOnnx).path());
expect(onnx[0] === 8 && onnx[1] === 8 && onnx.includes('affine1.weight') && onnx.includes('softmax_cross_entropy'), 'run.onnx holds the net and its settings');

// The tool, with these files, prints what the page shows.
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
async function expectToolAgrees(what) {
  await page.click('dialog [role=tab] >> nth=0');
  for (const name of ['download', 'downloadData']) {
    if (!await page.isVisible(`[data-do=${name}]`)) continue; // the library's own data
    const file = page.waitForEvent('download');
    await act(page, name);
    await (await file).saveAs(join(folder, (await file).suggestedFilename()));
  }
  rmSync(join(folder, 'made'), { recursive: true, force: true });
  const last = JSON.parse(run(tool, ['train', 'run.toml', '--out', 'made', '--json', '--quiet'], { cwd: folder })).history.at(-1);
  const said = await text(page, '.status'), digits = (value) => (value < 1e-4 ? value.toExponential(5) : String(Number(value.toPrecision(6))));
  expect(said.includes(`step ${last.step} of`) && said.includes(`Loss ${digits(last.loss)} `), `${what}: the tool's loss is ${last.loss}, the page says ${said}`);
  const curves = await page.locator('.legend b').allInnerTexts();
  expect(Number(curves[0]) === Number(last.loss.toPrecision(4)), `${what}: ${curves} of ${JSON.stringify(last)}`);
}
await expectToolAgrees('spiral');
await page.click('dialog [role=tab]:has-text("Link")');
const link = await page.inputValue('[data-home="Link"]');
await act(page, 'close');

// Each setting: a layer, loss, optimizer, schedule, regularisation, seed.
await act(page, 'addLayer');
await page.selectOption('.layers li:nth-child(6) select', 'relu');
await page.fill('.layers li:nth-child(5) .units', '5');
await page.press('.layers li:nth-child(5) .units', 'Enter');
await page.locator('.layers li:nth-child(2) [title=Remove]').click();
await page.locator('.layers li:nth-child(1) [title="Move down"]').click();
await page.locator('.layers li:nth-child(2) [title="Move up"]').click();
await page.waitForTimeout(150);
const selects = page.locator('.learning .choice > .field select');
await selects.nth(1).selectOption('momentum');
await selects.nth(2).selectOption('cosine');
for (const [name, value] of [['weight_decay', '0.001'], ['l1', '0.0001'], ['clip_norm', '2'], ['batch_size', '20'], ['steps', '300'], ['seed', '9']]) await set(page, name, value);
await act(page, 'home');
const settings = await page.inputValue('[data-home="run.toml"]');
for (const part of ['affine(outputs=5), relu', 'rule = "momentum"', 'lr = "cosine(lr=0.02, steps=4000)"', 'weight_decay = 0.001', 'l1 = 0.0001', 'clip_norm = 2', 'batch_size = 20', 'steps = 300', 'seed = 9']) {
  expect(settings.includes(part), `${part} in ${settings}`);
}
await act(page, 'close');
await act(page, 'train');
await trained(page);
await set(page, 'batch_size', '0');
expect((await text(page, '[role=alert]')).includes('batch_size'), 'what is wrong is told');
await set(page, 'batch_size', '16');
expect(!await page.isVisible('.play > [role=alert]'), 'and no longer');

// Two settings side by side.
await act(page, 'compare');
await selects.nth(1).selectOption('sgd');
await page.waitForTimeout(150);
await act(page, 'train');
await trained(page);
expect(await page.locator('.planeBox').count() === 2 && await loss(page, 'a') !== await loss(page, 'b'), 'two runs');
await page.click('[data-side=a]');
await act(page, 'compare');

// All data that are drawn; own points; a table.
for (const kind of ['circle', 'xor', 'moons', 'plane', 'waves', 'spiral']) {
  await page.click(`[data-kind=${kind}]`);
  await page.waitForTimeout(150);
  await act(page, 'step');
  expect(isFinite(await loss(page)) && !await page.isVisible('.play > [role=alert]'), kind);
}
for (const name of ['count', 'noise', 'test']) await page.locator(`.data [name=${name}]`).press('ArrowRight');
await page.click('[data-kind=own]');
for (const [x, y] of [[60, 60], [80, 50], [70, 90], [90, 75]]) await page.click('.pad', { position: { x, y } });
await page.selectOption('.data .field select', 'b');
for (const [x, y] of [[160, 160], [180, 150], [170, 190], [190, 175]]) await page.click('.pad', { position: { x, y } });
expect(await page.locator('.pad circle').evaluateAll((all) => new Set(all.slice(4).map((each) => each.getAttribute('fill'))).size) === 1 && await page.locator('.pad circle').count() === 8, 'four points of class b');
await page.focus('.pad');
await page.keyboard.press('ArrowLeft');
await page.keyboard.press('Enter');
await page.waitForTimeout(150);
await act(page, 'train');
await trained(page);
expect(await loss(page) < 0.3, `own points: ${await loss(page)}`);
const csv = join(tmpdir(), `chainrule-${process.pid}.csv`);
writeFileSync(csv, 'length,width,colour\n' + Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 7 > 3 ? 'red' : i % 3 ? 'green' : 'blue'}`).join('\n') + '\n');
await page.click('[data-kind=csv]');
await page.setInputFiles('[name=csvFile]', csv);
await page.waitForSelector('[data-do=train]:enabled');
await act(page, 'train');
await trained(page);
expect((await text(page, '.status')).includes('test.accuracy'), 'a table of three classes');
await act(page, 'home');
await expectToolAgrees('a table');
await act(page, 'close');
await page.selectOption('.data .field select', 'width');
await page.waitForTimeout(200);
await act(page, 'step');
expect((await text(page, '.learning')).includes('mse') && isFinite(await loss(page)), 'another target');

// The same table, dropped on the page; then what is no table.
const drop = (name, content) => page.evaluate(([file, words]) => {
  const data = new DataTransfer();
  data.items.add(new File([words], file));
  for (const type of ['dragenter', 'dragover', 'drop']) document.querySelector('.netCard').dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}, [name, content]);
await page.click('[data-kind=moons]');
await drop('my flowers.csv', readFileSync(csv, 'utf8'));
await page.waitForSelector('.data code');
expect((await text(page, '.data code')) === 'my_flowers.csv', 'the name of what was dropped');
await page.waitForTimeout(200);
await act(page, 'train');
await trained(page);
expect((await text(page, '.status')).includes('test.accuracy'), 'a table that was dropped');
await drop('no.csv', 'a,b\n1\n');
await page.waitForSelector('.play > [role=alert]:not([hidden])');

// Digits: ten that are plainly drawn with the mouse, large or small, here or there; then with keys.
await page.click('[data-kind=digits]');
await page.waitForSelector('.digit');
await act(page, 'train');
await trained(page);
await act(page, 'home');
await expectToolAgrees('digits');
await act(page, 'close');
await page.locator('.digit').scrollIntoViewIfNeeded();
for (const [size, left, top] of [[1, 0, 0], [0.5, 0.05, 0.1], [0.6, 0.35, 0.3]]) {
  const read = [];
  for (const strokes of plainDigits) {
    await act(page, 'clearDigit');
    await draw(page, '.digit', moved(strokes, size, left, top));
    read.push(Number(await page.locator('.bars .best span').innerText()));
  }
  expect(read.filter((each, i) => each === i).length >= 9, `0 to 9 at ${size} of the size are read as ${read}`);
}
await act(page, 'clearDigit');
expect(await page.locator('.bars .best').count() === 0, 'nothing is drawn');
await page.focus('.digit');
for (let i = 0; i < 8; ++i) await page.keyboard.press('ArrowDown');
expect(await page.locator('.bars .best').count() === 1, 'drawn with keys');
await act(page, 'someDigit');
expect(await page.locator('.bars .best').count() === 1, 'one of the library\'s');

// Light and dark: as the system, unless it was chosen; kept for the next visit.
const ground = (of) => of.evaluate(() => getComputedStyle(document.body).backgroundColor);
const bright = await ground(page);
const before = await text(page, '.status');
await page.selectOption('[name=theme]', 'dark');
const dark = await ground(page);
expect(await text(page, '.status') === before && before.includes('step 2000 '), 'the run stays in other colours');
expect(dark !== bright && await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme) === 'dark', 'dark when asked');
await page.reload();
await page.waitForSelector('main');
expect(await ground(page) === dark && await page.inputValue('[name=theme]') === 'dark', 'dark the next time');
const system = async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction((dark) => document.documentElement.dataset.theme === dark || document.querySelector('[name=theme]').value !== 'system', colorScheme);
};
await system('dark');
await page.selectOption('[name=theme]', 'light');
expect(await ground(page) === bright, 'light where the system is dark');
await page.selectOption('[name=theme]', 'system');
expect(await ground(page) === dark, 'as the system');
await system('light');
expect(await ground(page) === bright, 'the system has changed');

// A link brings everything back.
const restored = await open(new URL(link).hash);
await act(restored, 'train');
await trained(restored);
expect((await text(restored, '.status')).replace(/, \d+ steps.s/, '') === first.replace(/, \d+ steps.s/, ''), 'the link gives the same run');
await restored.goto('about:blank');
const wrong = await open('#play=bm9uc2Vuc2U');
expect((await text(wrong, '.status')).includes('step 0'), 'a link that is none');

// Expressions.
await page.click('[data-page=explain]');
await page.fill('[name=expression]', 'x^2 + y');
await page.fill('[name=values]', 'x=3, y=1');
await page.waitForTimeout(250);
expect((await text(page, '.explain table')).includes('10') && await page.locator('.graph svg').count() === 1, 'x^2 + y');
for (const what of ['nextStep', 'nextStep', 'backStep', 'lastStep', 'firstStep']) await act(page, what);
await page.keyboard.press('ArrowRight');
expect((await text(page, '.player output')).startsWith('1 /'), 'by keyboard');
await act(page, 'playSteps');
await page.waitForTimeout(1400);
await act(page, 'playSteps');
expect((await text(page, '.player output')).startsWith('2 /'), 'it plays');
await page.check('[name=order]');
await page.check('[name=check]');
expect((await text(page, '.explain table')).includes('d²f/dxdx'), 'second derivatives');
const shared = new URL(page.url()).hash;
await page.fill('[name=expression]', 'x * * 2');
await page.waitForTimeout(250);
expect((await text(page, '.explain [role=alert]')).includes('\n      ^'), 'where the mistake is');
const explained = await open(shared);
expect(await explained.inputValue('[name=expression]') === 'x^2 + y' && await explained.isChecked('[name=order]'), 'the link of an expression');

// The lessons' own links.
const lessons = fileURLToPath(new URL('../../docs/learn', import.meta.url));
const linked = readdirSync(lessons).filter((name) => name.endsWith('.md'))
  .flatMap((name) => readFileSync(join(lessons, name), 'utf8').match(/(?<=web\/site\/index\.html)#explain=[\w-]+/g) ?? []);
expect(linked.length >= 3, `${linked.length} lessons have a link`);
for (const each of linked) {
  await explained.goto('about:blank');
  await explained.goto(address + each);
  await explained.waitForSelector('.graph svg');
  expect(!await explained.isVisible('.explain [role=alert]'), each);
}
for (const [language, word] of [['zh', '训练'], ['ja', '訓練する'], ['en', 'Train']]) {
  await explained.goto(address + '#play');
  await explained.selectOption('[name=language]', language);
  expect((await text(explained, '[data-do=train]')).includes(word), language);
  expect(await explained.evaluate(() => document.documentElement.lang) === language, language);
}

await browser.close();
end();
