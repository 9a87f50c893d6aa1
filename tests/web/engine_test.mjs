// The engine trains, explains and checks to the numbers of the tool:  node engine_test.mjs ENGINE TOOL FOLDER
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { end, expect, openEngine, run } from './engine.mjs';

const [file, tool, folder] = process.argv.slice(2);
const { call, numbers } = await openEngine(file);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const ok = (what, asked) => {
  const answer = call(what, asked);
  expect(answer.ok !== undefined, `${what}: ${JSON.stringify(answer.error)}`);
  return answer.ok ?? {};
};
const error = (what, asked) => call(what, asked).error ?? {};

function data(kind, count, noise, seed) {
  const { text } = ok('points', { kind, count, noise, seed });
  writeFileSync(`${folder}/${kind}.csv`, text);
  ok('file', { name: `${kind}.csv`, text });
}
data('spiral', 300, 0.1, 1);
data('waves', 200, 0.05, 2);
data('moons', 100, 0.1, 3);
data('circle', 120, 0.2, 4);
data('xor', 120, 0.1, 5);
data('plane', 120, 0.1, 6);

const toml = (kind, target, net, loss, rule, rate, more = '', training = '', steps = 300) => `seed = 5
net = "${net}"
loss = "${loss}"
[data]
name = "${kind}.csv"
[data.csv]
target = "${target}"
[optimizer]
rule = "${rule}"
lr = ${rate}
${more}
[train]
steps = ${steps}
batch_size = 16
${training}
`;
const mlp = (out, act = 'tanh') => `sequential([affine(8), ${act}, affine(8), ${act}, affine(${out})])`;
const runs = {
  spiral: toml('spiral', 'class', mlp(2), 'softmax_cross_entropy', 'adam', '"cosine(0.03, 5)"'),
  decay: toml('spiral', 'class', mlp(2, 'relu'), 'softmax_cross_entropy', 'momentum(0.8)', '0.1', 'weight_decay = 0.001\nclip_norm = 1.0', 'report_every = 40'),
  waves: toml('waves', 'z', mlp(1, 'gelu'), 'mse', 'rmsprop', '0.01', 'l1 = 0.0001'),
  dropout: toml('moons', 'class', 'sequential([affine(12), batch_norm, sigmoid, dropout(0.3), affine(2)])', 'softmax_cross_entropy', 'sgd', '0.2', '', 'order = \\"with_replacement\\"'.replaceAll('\\', '')),
};

// Each optimizer, schedule and loss, and layers of all kinds, on all data.
const more = {}, kSteps = 150, tables = ok('tables');
for (const { name } of tables.optimizers) more[name] = toml('circle', 'class', mlp(2), 'softmax_cross_entropy', name, name === 'adadelta' ? '1.0' : '0.02', '', '', kSteps);
for (const rate of ['step(0.05, factor=0.7, steps=30)', 'multi_step(0.05, factor=0.3, steps=[40, 90])', 'exponential(0.05, factor=0.93, steps=7)', 'inverse_time(0.05, decay=0.1, steps=3)',
  'polynomial(0.05, steps=150, power=1.7)', 'cosine_restarts(0.05, steps=40, growth=1.5)', 'one_cycle(0.05, steps=150)', 'warm_up(steps=20, then=constant(0.05))']) more[rate.split('(')[0]] = toml('xor', 'class', mlp(2, 'relu'), 'softmax_cross_entropy', 'sgd', `"${rate}"`, '', '', kSteps);
for (const loss of ['mse', 'mae', 'huber', 'half_mse']) more[loss] = toml('plane', 'z', mlp(1, 'leaky_relu'), loss, 'nesterov', '0.01', '', '', kSteps);
for (const layer of ['elu', 'silu', 'mish', 'softplus', 'sigmoid', 'selu', 'layer_norm', 'hard_swish', 'prelu', 'rms_norm']) {
  if (tables.layers.some(({ name }) => name === layer)) more[layer] = toml('waves', 'z', mlp(1, layer), 'mse', 'adamw', '"cosine(0.02, 5)"', 'weight_decay = 0.01', '', kSteps);
}
const images = (net, steps) => `seed = 3\nnet = "${net}"\nloss = "softmax_cross_entropy"\n[data]\nname = "digits"\n[optimizer]\nrule = "adam"\nlr = 0.003\n[train]\nsteps = ${steps}\nbatch_size = 50\nreport_every = ${steps / 2}\n`;
more.digits = images('sequential([flatten, affine(32), relu, affine(10)])', 100);
more.convolution = images('sequential([conv2d(4, kernel=5), relu, max_pool2d(2), flatten, affine(10)])', 20);
Object.assign(runs, more);

// The same curve as the tool, to the last digit; in pieces, as the page asks for them.
for (const [name, text] of Object.entries(runs)) {
  writeFileSync(`${folder}/${name}.toml`, text);
  const of_tool = JSON.parse(run(tool, ['train', `${name}.toml`, '--out', name, '--json', '--quiet'], { cwd: folder }));
  ok('open', { run: 0, toml: text });
  const reports = [];
  let made = { done: false };
  for (let i = 0; i < 1000 && !made.done; ++i) {
    made = ok('train', { run: 0, steps: 1 + (i * 7) % 23 });
    reports.push(...(made.reports ?? []));
  }
  const steps = Number(/^steps = (\d+)/m.exec(text)[1]);
  expect(made.done && made.step === steps, `${name}: ${steps} steps, not ${made.step}`);
  expect(reports.length === of_tool.history.length && reports.length > 1, `${name}: ${of_tool.history.length} reports, not ${reports.length}`);
  of_tool.history.forEach((theirs, i) => {
    for (const [key, value] of Object.entries(theirs)) {
      const mine = reports[i]?.[key] ?? reports[i]?.[key.replace('_', '.')];
      if (key !== 'epoch') expect(mine === value, `${name}, report ${i}: ${key} is ${mine}, the tool has ${value}`);
    }
  });
}

// One row, one weight and its update, as `chainrule explain RUN --json` has them.
const rest = ({ title, model, rows, ...all }) => all;
for (const [name, parameter] of [['spiral', 'affine2.weight[1,2]'], ['waves', 'affine1.bias[3]'], ['decay', 'affine3.weight[7,0]']]) {
  const of_tool = JSON.parse(run(tool, ['explain', name, '--sample', '3', '--parameter', parameter, '--json'], { cwd: folder }));
  ok('open', { run: 0, toml: runs[name] });
  ok('train', { run: 0, steps: 300 });
  const mine = ok('explain', { run: 0, part: 'test', row: 3, parameter });
  for (const layer of mine.layers) {
    expect(layer.values.output.length > 0 && layer.values.gradient.length > 0, `${name}: numbers of ${layer.path}`);
    delete layer.values;
    for (const each of layer.parameters) delete each.values;
  }
  delete mine.inputs;
  delete mine.target;
  for (const of of [mine, of_tool]) if (of.update) delete of.update.states_from;
  for (const key of Object.keys(rest(of_tool))) {
    expect(isDeepStrictEqual(mine[key], of_tool[key]), `${name}: ${key} of the explanation:\n${JSON.stringify(mine[key])}\nthe tool:\n${JSON.stringify(of_tool[key])}`);
  }
}

// The net as an ONNX file: the tool's to the byte, which only says at its end how far the file is from the net.
for (const name of Object.keys(runs).filter((each) => !(each in more))) {
  ok('open', { run: 0, toml: runs[name] });
  ok('train', { run: 0, steps: 300 });
  const { operators, bytes } = ok('onnx', { run: 0 }), mine = Buffer.from(Uint8Array.from(numbers()));
  expect(operators > 5 && bytes === mine.length, `${name}: ${operators} operators, ${bytes} bytes`);
  try {
    run(tool, ['export', name, '--out', `${name}.onnx`], { cwd: folder, stdio: 'pipe' });
  } catch (refused) {
    expect(/E510/.test(String(refused.stderr)), `${name}: ${refused.stderr}`);  // built without ONNX
    continue;
  }
  const of_tool = readFileSync(`${folder}/${name}.onnx`);
  const at = of_tool.findIndex((byte, i) => byte !== mine[i]);
  expect(at >= mine.length && of_tool.includes('chainrule.largest_difference', mine.length - 40), `${name}: byte ${at} of ${mine.length} differs from the tool's ${of_tool.length}`);
}

// Gradients: those of the net as it is, and a broken one.
ok('open', { run: 0, toml: runs.dropout });
ok('train', { run: 0, steps: 300 });
const checked = ok('check', { run: 0 });
expect(checked.verdict === 'agree' && checked.parameters.every((p) => p.compared > 0 && p.max_relative_error < 1e-5), JSON.stringify(checked));
const broken = ok('check', { run: 0, broken: 'affine2.weight' });
expect(broken.verdict === 'differ' && broken.parameters.find((p) => !p.passed).name === 'affine2.weight', JSON.stringify(broken));

// The batch of the next step; the plane; rows; a prediction.
ok('open', { run: 1, toml: runs.spiral });
const batch = ok('explain', { run: 1, parameter: 'affine1.weight[0,0]' });
expect(batch.rows.length === 16 && batch.weight.terms.length === 16 && batch.update.step === 1, 'the next batch has 16 rows');
const before = ok('net', { run: 1 }), weights = numbers();
ok('train', { run: 1, steps: 1 });
ok('net', { run: 1 });
expect(Math.fround(batch.update.after) === numbers()[before.parameters[0].at] && weights[0] === Math.fround(batch.update.before), 'the update that was told is the one that is made');
const map = ok('map', { run: 1, size: 5 }), values = numbers();
const answer = map.layers.at(-1);
expect(map.layers.map((l) => l.units).join() === '8,8,8,8,2,2', JSON.stringify(map.layers));
const middle = ok('predict', { run: 1, row: [0, 0] }).y;
expect(Math.abs(values[answer.at + 12] - middle[0]) < 1e-6 && Math.abs(middle[0] + middle[1] - 1) < 1e-6, 'the middle of the map is what the net says there');
const rows = ok('rows', { run: 1, part: 'test', count: 1000 });
expect(rows.rows === 60 && numbers().length === 60 * 3, 'rows to test on');

// Expressions, and messages.
const trace = ok('expression', { text: '(w*2 + b) * (b + 1)', at: 'w=3, b=4' });
expect(trace.value === 50 && trace.gradient.w === 10 && trace.gradient.b === 15 && trace.svg.startsWith('<svg'), JSON.stringify(trace).slice(0, 200));
expect(trace.steps.length === trace.nodes.length + trace.backward_order.length, 'a step a node, forwards and backwards');
const typo = error('expression', { text: 'w * * 2', at: 'w=1' });
expect(typo.position === 2 && typo.message.includes('\n      ^'), JSON.stringify(typo));

const says = (made, text) => expect(made.message === text, `"${made.message}", not "${text}"`);

says(error('train', { run: 7 }), '[web] there is no run 7. Open one first. (E621)');
says(error('points', { kind: 'star', count: 10 }),
  "[web] 10 points of kind 'star'. Give 4 to 10000 of circle, xor, spiral, moons, plane or waves. (E623)");
ok('file', { name: 'packed.npz', text: 'PK' });
says(error('open', { toml: 'net = "affine(1)"\n[data]\nname = "packed.npz"\n' }),
  '[web] .npz is not read in a browser: the library is built without what reads it. Give the numbers as .csv, or use the tool chainrule. (E620)');
ok('file', { name: 'three.csv', text: 'a,b,c,t\n' + '1,2,3,0.5\n2,3,4,0.1\n'.repeat(20) });
ok('open', { run: 2, toml: 'net = "affine(1)"\n[data]\nname = "three.csv"\n[data.csv]\ntarget = "t"\n' });
says(error('map', { run: 2 }), '[web] a map needs a net of two inputs: this one has others. Choose data with two columns. (E622)');
expect(error('open', { run: 3, toml: 'net = "affine(3)"\n[data]\nname = "spiral.csv"\n[data.csv]\ntarget = "class"\n' }).code === 342, 'a net of three outputs for two classes');
expect(error('open', { run: 3, toml: 'net = ' }).code === 222, 'no TOML');
end();
