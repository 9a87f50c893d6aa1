// The run as programs: with the library in C++, and with its package in Python.
import { About } from './engine';
import { Choice, choiceText, DataChoice, dataName, netText, Settings, targetOf } from './state';

const text = (value: string): string => JSON.stringify(value);

/** "lr=0.02, weight_decay=0.001" */
function options(of: Settings): string {
  const made = [`lr=${of.rate.name === 'constant' ? of.rate.settings.lr ?? '0.01' : choiceText(of.rate)}`];
  for (const key of ['weight_decay', 'l1', 'clip_norm'] as const) if (Number(of[key]) !== 0) made.push(`${key}=${of[key]}`);
  return made.join(', ');
}

export function cppProgram(data: DataChoice, of: Settings, about: About): string {
  const isDigits = data.kind === 'digits', hasTest = isDigits || data.test > 0, every = isDigits ? 'steps(200)' : 'epochs(1)';
  const load = isDigits ? `  const data::Dataset digits = data::load("digits");
  const data::Source train = digits.train, test = digits.test;
  const auto scaled = [](const Tensor& x) { return x; };` : `  const data::Table table = data::read_csv(${text(dataName(data))}, {.target = ${text(targetOf(data))}});
${hasTest ? `  const auto [train, test] = data::split(table, 1 - ${data.test});` : '  const data::Source train = table;'}
  const auto scaled = data::standardize(train${about.has_classes ? '' : ', {.target = true}'});`;
  const outcome = about.has_classes
    ? '    return train::Outcome((*loss)(y, batch.target()), y, batch.target());'
    : '    return train::Outcome((*loss)(y, scaled.target(batch.target())), scaled.inverse(y), batch.target());';
  const metrics = about.has_classes ? 'metric::accuracy' : 'metric::rmse, metric::r2';
  return `// The run of a page, as a program. It prints what the page's curves show.
//   c++ -std=c++20 -O2 run.cpp $(pkg-config --cflags --libs chainrule) -o run && ./run
#include <chainrule/chainrule.h>

#include <iostream>

using namespace chainrule;

int main() {
${load}

  const auto net = config::make<nn::Layer>(config::parse_text(
      ${text(netText(of))}));
  const loss::AnyLoss loss(config::make<loss::Loss>(config::parse_text(${text(choiceText(of.loss))})));
  const auto task = [&](const nn::Layer& layers, const data::Batch& batch, nn::Pass& pass) {
    const Tensor y = layers.forward(scaled(batch[0]), pass);
${outcome}
  };

  net->build(scaled(train.take({0})[0]), {.seed = ${of.seed}});
  optim::Options options;
  config::read(options, config::parse_text(${text(options(of))}));
  optim::Optimizer optimizer(*net, ${text(choiceText(of.rule))}, options);
  train::Trainer trainer({*net, task, {${metrics}}}, optimizer,
                         {train, {.batch_size = ${of.batch_size}, .seed = ${of.seed}${of.order === 'shuffled' ? '' : `, .order = data::Batches::Order::${of.order}`}}}, {.seed = ${of.seed}});
${hasTest ? `  trainer.on(${every}, train::evaluate(test, {.name = "test"}));\n` : ''}  trainer.run(steps(${of.steps}));
  for (const train::Report& report : trainer.history()) std::cout << report << "\\n";
}
`;
}

const camel = (name: string): string => name.split('_').map((part) => part[0].toUpperCase() + part.slice(1)).join('');
const argument = (value: string): string =>
  /^-?[\d.]+(e[+-]?\d+)?$/i.test(value) ? value : value === 'true' ? 'True' : value === 'false' ? 'False' : /^\[[\d., -]*\]$/.test(value) ? value : text(value);
const call = (of: Choice, name: string): string =>
  `${name}(${Object.entries(of.settings).map(([key, value]) => `${key}=${argument(value)}`).join(', ')})`;

export function pythonProgram(data: DataChoice, of: Settings, about: About): string {
  const rate = of.rate.name === 'constant' ? of.rate.settings.lr ?? '0.01' : call(of.rate, `optim.${of.rate.name}`);
  const more = (['weight_decay', 'l1', 'clip_norm'] as const).filter((key) => Number(of[key]) !== 0).map((key) => `, ${key}=${of[key]}`).join('');
  const rows = about.parts.find((part) => part.name === 'train')?.rows ?? 1;
  const hasTest = data.kind === 'digits' || data.test > 0;
  const load = data.kind === 'digits' ? `(x, t), (x_test, t_test) = data.load("digits")
` : `table = np.genfromtxt(${text(dataName(data))}, delimiter=",", names=True, dtype=None, encoding="utf-8")
target = ${text(targetOf(data))}
x = np.stack([table[name] for name in table.dtype.names if name != target], axis=1).astype(np.float64)
${about.has_classes ? 't = np.unique(table[target], return_inverse=True)[1]' : 't = table[target].astype(np.float64).reshape(-1, 1)'}
${hasTest ? `(x, t), (x_test, t_test) = data.split(x, t, 1 - ${data.test})\n` : ''}mean, deviation = x.mean(axis=0), x.std(axis=0)
x = ((x - mean) / deviation).astype(np.float32)
${hasTest ? 'x_test = ((x_test - mean) / deviation).astype(np.float32)\n' : ''}${about.has_classes ? '' : `middle, spread = t.mean(axis=0), t.std(axis=0)
t = ((t - middle) / spread).astype(np.float32)
${hasTest ? 't_test = ((t_test - middle) / spread).astype(np.float32)\n' : ''}`}`;
  return `# The run of a page, with Chainrule's Python package: the same settings, so numbers like those of the page.
import numpy as np
import chainrule as cr
from chainrule import data, nn, optim

${load}
net = nn.Sequential(${of.layers.map((layer) => call(layer, `nn.${camel(layer.name)}`)).join(', ')})
history = cr.fit(net, x, t, loss=${text(choiceText(of.loss))}, epochs=${of.steps} / ${Math.ceil(rows / Number(of.batch_size))}, batch_size=${of.batch_size},
                 optimizer=${text(choiceText(of.rule))}, lr=${rate}${more}, seed=${of.seed}${hasTest ? ', validation=(x_test, t_test)' : ''},
                 metrics=[${about.has_classes ? '"accuracy"' : '"rmse", "r2"'}])
print({name: values[-1] for name, values in history.items()})
`;
}
