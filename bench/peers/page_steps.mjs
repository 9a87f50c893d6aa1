// Steps a second of the net 2-8-8-1 on a spiral, in Chromium: the page's engine beside TensorFlow.js.
//   npm install --prefix /tmp/tfjs @tensorflow/tfjs @tensorflow/tfjs-backend-wasm
//   taskset -c 1 chrt -f 1 node bench/peers/page_steps.mjs build/web /tmp/tfjs [ROUNDS] [OTHER.js]
// Both take 16 rows a step, tanh, mean squared error and Adam in float32, and end near the same loss. TensorFlow.js has
// its batches ready and one function for its step. OTHER.js may define one more peer: globalThis.other = (rows, batch) =>
// { return { step, loss }; }
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [built, peers, rounds = '5', other] = process.argv.slice(2);
const { chromium } = createRequire(join(resolve(built), 'npm/package.json'))('playwright-core');
const folders = [resolve(built), join(peers, 'node_modules/@tensorflow/tfjs/dist'), join(peers, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')];
const types = { js: 'text/javascript', wasm: 'application/wasm' };
const server = createServer((request, response) => {
  const name = request.url.slice(1), path = name === 'other.js' && other ? other : folders.map((each) => join(each, name)).find((each) => name && existsSync(each));
  response.writeHead(path || !name ? 200 : 404, { 'Content-Type': types[name.split('.').pop()] ?? 'text/html' });
  response.end(path ? readFileSync(path) : '<!DOCTYPE html><title>steps</title>');
}).listen(0, '127.0.0.1');
await new Promise((done) => server.on('listening', done));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
page.on('pageerror', (error) => console.log(String(error)));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
for (const name of ['chainrule.js', 'tf.min.js', 'tf-backend-wasm.min.js', ...(other ? ['other.js'] : [])]) await page.addScriptTag({ url: '/' + name });

await page.evaluate(async () => {
  const batch = 16, lr = 0.02, rows = [];
  for (let i = 0; i < 320; ++i) {
    const t = Math.floor(i / 2) / 160, radius = 0.08 + 0.92 * t, angle = 3.5 * Math.PI * t + (i % 2 ? Math.PI : 0);
    rows.push([radius * Math.sin(angle), radius * Math.cos(angle), i % 2 ? 1 : -1]);
  }
  const mixed = rows.map((row, i) => rows[(i * 131) % rows.length]);
  window.peers = {};

  const engine = await createChainrule();
  const call = (what, asked) => {
    const text = JSON.stringify({ do: what, ...asked }), size = engine.lengthBytesUTF8(text) + 1, at = engine._malloc(size);
    engine.stringToUTF8(text, at, size);
    const answer = JSON.parse(engine.UTF8ToString(engine._chainrule_call(at)));
    engine._free(at);
    if (answer.error) throw new Error(answer.error.message);
    return answer.ok;
  };
  call('file', { name: 's.csv', text: 'x,y,t\n' + rows.map((row) => row.join()).join('\n') + '\n' });
  window.peers['Chainrule'] = () => {
    call('open', { run: 0, toml: `net = "sequential([affine(8), tanh, affine(8), tanh, affine(1)])"\nloss = "mse"\n[data]\nname = "s.csv"\ntest = 0\n` +
      `[data.csv]\ntarget = "t"\n[optimizer]\nrule = "adam"\nlr = ${lr}\n[train]\nsteps = 100000000\nbatch_size = ${batch}\nreport_every = 100000000\n` });
    return { run: (steps) => call('train', { run: 0, steps }).loss };
  };

  for (const backend of ['cpu', 'wasm']) {
    window.peers[`TensorFlow.js, ${backend}`] = async () => {
      await tf.setBackend(backend);
      await tf.ready();
      const sizes = [2, 8, 8, 1], w = [], b = [];
      for (let i = 0; i < 3; ++i) {
        w.push(tf.variable(tf.randomNormal([sizes[i], sizes[i + 1]], 0, 1 / Math.sqrt(sizes[i]), 'float32', i + 1)));
        b.push(tf.variable(tf.zeros([sizes[i + 1]])));
      }
      const x = [], t = [];
      for (let at = 0; at < mixed.length; at += batch) {
        const some = mixed.slice(at, at + batch);
        x.push(tf.tensor2d(some.map((row) => row.slice(0, 2))));
        t.push(tf.tensor2d(some.map((row) => row.slice(2))));
      }
      const optimizer = tf.train.adam(lr);
      const loss = (i) => {
        const h1 = x[i].matMul(w[0]).add(b[0]).tanh(), h2 = h1.matMul(w[1]).add(b[1]).tanh();
        return h2.matMul(w[2]).add(b[2]).squaredDifference(t[i]).mean();
      };
      return { run: (steps) => {
        for (let i = 0; i < steps; ++i) tf.tidy(() => { optimizer.minimize(() => loss(i % x.length)); });
        return tf.tidy(() => loss(0).dataSync()[0]);
      } };
    };
  }
  if (window.other) window.peers[window.other.title] = () => window.other(mixed, batch, lr);
});

// In turn, of each the fastest round.
const names = await page.evaluate(() => Object.keys(window.peers)), best = {}, losses = {};
for (const name of names) {
  losses[name] = await page.evaluate(async (name) => {
    window.runs ??= {};
    window.runs[name] = await window.peers[name]();
    return window.runs[name].run(4000);
  }, name);
}
for (let round = 0; round < Number(rounds); ++round) {
  for (const name of names) {
    const rate = await page.evaluate(async (name) => {
      const backend = /TensorFlow.js, (.*)/.exec(name)?.[1];
      if (backend) await tf.setBackend(backend);
      let steps = 0;
      const began = performance.now();
      while (performance.now() - began < 1000) window.runs[name].run(backend ? 20 : 200), steps += backend ? 20 : 200;
      return steps / (performance.now() - began) * 1000;
    }, name);
    best[name] = Math.max(best[name] ?? 0, rate);
  }
}
for (const name of names) {
  console.log(`${name.padEnd(22)} ${best[name].toFixed(0).padStart(8)} steps/s, ${(best[names[0]] / best[name]).toFixed(1).padStart(6)} times; loss after 4000: ${losses[name].toFixed(4)}`);
}
await browser.close();
server.close();
