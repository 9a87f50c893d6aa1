// How a net is built and how it learns: forms of the library's tables.
import { Row, Setting, Tables } from './engine';
import { h, put } from './dom';
import { choiceForm, field, selectOf, settingsOf } from './forms';
import { Choice, Settings } from './state';
import { t } from './text';

const kCommonLayers = ['affine', 'tanh', 'relu', 'sigmoid', 'leaky_relu', 'gelu', 'dropout', 'batch_norm', 'conv2d', 'max_pool2d', 'flatten'];

/** The net, a row a layer. */
export class LayerList {
  readonly element = h('div', { class: 'layers' });

  constructor(private settings: Settings, private tables: Tables, private changed: () => void) {
    this.build();
  }

  private edit(change: (layers: Choice[]) => void): void {
    change(this.settings.layers);
    this.build();
    this.changed();
  }

  private build(): void {
    const { layers } = this.settings, names = this.tables.layers.map((row) => row.name);
    const rows = layers.map((layer, i) => {
      const row = this.tables.layers.find((each) => each.name === layer.name);
      const name = selectOf(names, layer.name, (chosen) => this.edit(() => { layers[i] = { name: chosen, settings: {} }; }), kCommonLayers);
      name.setAttribute('aria-label', t('layerN', { n: i + 1 }));
      name.title = row?.doc ?? '';
      const main = layer.name === 'affine' ? this.units(layer, i) : null;
      const others = settingsOf(this.tables.layers, layer, this.changed).slice(main ? 1 : 0);
      const button = (sign: string, label: string, act: () => void, off = false): HTMLElement =>
        h('button', { class: 'icon', 'aria-label': `${label}: ${t('layerN', { n: i + 1 })}`, title: label, disabled: off, onclick: act }, sign);
      return h('li', {}, h('div', { class: 'layerRow' }, name, main,
        button('↑', t('moveUp'), () => this.edit(() => layers.splice(i - 1, 0, ...layers.splice(i, 1))), i === 0),
        button('↓', t('moveDown'), () => this.edit(() => layers.splice(i + 1, 0, ...layers.splice(i, 1))), i === layers.length - 1),
        button('×', t('remove'), () => this.edit(() => layers.splice(i, 1)), layers.length === 1)),
      others.length ? h('details', {}, h('summary', {}, t('settings')), h('div', { class: 'settings' }, ...others)) : null);
    });
    put(this.element, h('ol', {}, ...rows), h('button', {
      class: 'small', 'data-do': 'addLayer',
      onclick: () => this.edit(() => layers.splice(layers.length - 1, 0, { name: 'affine', settings: { outputs: '8' } }, { name: 'tanh', settings: {} })),
    }, '+ ' + t('addLayer')));
  }

  private units(layer: Choice, i: number): HTMLElement {
    const box = h('input', {
      type: 'number', min: 1, max: 4096, value: layer.settings.outputs ?? '', class: 'units', 'aria-label': `${t('neurons')}: ${t('layerN', { n: i + 1 })}`,
      onchange: () => { layer.settings.outputs = String(Math.max(1, Math.floor(Number(box.value) || 1))); this.changed(); },
    });
    return box;
  }
}

/** A schedule begins with the rate that there was, and one that must know how long it is lasts the whole run. */
function scheduled(row: Row, settings: Settings): Record<string, string> {
  const has = (name: string): Setting | undefined => row.settings.find((setting) => setting.name === name);
  const made: Record<string, string> = {}, { lr } = settings.rate.settings;
  if (has('lr') && lr) made.lr = lr;
  if (has('steps')?.default === '0' && has('epochs')?.default === '0.0') made.steps = settings.steps;
  return made;
}

/** Loss, optimizer, schedule, and the rest. */
export function learningForm(settings: Settings, tables: Tables, changed: () => void): HTMLElement {
  type TextKey = 'weight_decay' | 'l1' | 'clip_norm' | 'batch_size' | 'steps' | 'seed';
  const names: Record<TextKey, string> = {
    weight_decay: 'optimizer.weight_decay', l1: 'optimizer.l1', clip_norm: 'optimizer.clip_norm',
    batch_size: 'train.batch_size', steps: 'train.steps', seed: 'seed',
  };
  const box = (key: TextKey): HTMLElement => {
    const setting = tables.settings.find((each) => each.name === names[key]);
    const input = h('input', {
      type: 'text', inputmode: 'decimal', value: settings[key], name: key, autocomplete: 'off',
      onchange: () => { settings[key] = input.value.trim().replace(/[^\w.+-]/g, '') || '0'; changed(); },
    });
    return field(t(key), input, setting?.doc ?? '');
  };
  const order = selectOf(['shuffled', 'sequential', 'with_replacement'], settings.order, (value) => { settings.order = value; changed(); });
  return h('div', { class: 'learning' },
    choiceForm(t('loss'), tables.losses, settings.loss, changed, ['softmax_cross_entropy', 'mse', 'mae', 'huber']),
    choiceForm(t('optimizer'), tables.optimizers, settings.rule, changed, ['sgd', 'momentum', 'adam']),
    choiceForm(t('schedule'), tables.schedules, settings.rate, changed, ['constant', 'cosine', 'step', 'exponential'], true, (row) => scheduled(row, settings)),
    h('div', { class: 'settings' }, box('weight_decay'), box('l1'), box('clip_norm'), box('batch_size'), box('steps'), box('seed'),
      field(t('order'), order)));
}
