// Forms for what the library's tables have: a name to choose, and its settings.
import { Row, Setting } from './engine';
import { h } from './dom';
import { Choice } from './state';
import { t } from './text';

let serial = 0;

/** A labelled control; `about` is told by the label's title. */
export function field(label: string, control: HTMLElement, about = ''): HTMLElement {
  control.id ||= `field${++serial}`;
  return h('div', { class: 'field' }, h('label', { for: control.id, title: about }, label), control);
}

export function selectOf(options: string[], value: string, onchange: (value: string) => void, common: string[] = []): HTMLSelectElement {
  const made = h('select', { onchange: () => onchange(made.value) });
  const first = common.filter((each) => options.includes(each));
  const option = (name: string): HTMLElement => h('option', { value: name }, name);
  if (first.length) {
    made.append(...first.map(option), h('hr', {}));
    made.append(...options.filter((each) => !first.includes(each)).map(option));
  } else {
    made.append(...options.map(option));
  }
  made.value = value;
  return made;
}

function control(setting: Setting, value: string, onchange: (value: string) => void): HTMLElement {
  if (setting.kind === 'true or false') {
    const box = h('input', { type: 'checkbox', checked: value === 'true', onchange: () => onchange(String(box.checked)) });
    return box;
  }
  if (setting.choices && setting.choices.length && /^(one of|initializer)/.test(setting.kind)) {
    return selectOf(setting.choices, value, onchange);
  }
  const isNumber = /number|integer/.test(setting.kind);
  const box = h('input', {
    type: 'text', value, spellcheck: 'false', inputmode: isNumber ? 'decimal' : 'text', autocomplete: 'off',
    onchange: () => onchange(box.value.trim()),
  });
  return box;
}

/** The settings of a choice; only those that differ from the defaults are kept. */
export function settingsOf(rows: Row[], choice: Choice, changed: () => void): HTMLElement[] {
  const row = rows.find((each) => each.name === choice.name);
  if (!row) return [];
  return row.settings.map((setting) => {
    const value = choice.settings[setting.name] ?? setting.default;
    const made = control(setting, value, (now) => {
      if (now === '' || now === setting.default) delete choice.settings[setting.name];
      else choice.settings[setting.name] = now;
      changed();
    });
    return field(setting.name, made, [setting.doc, setting.range].filter(Boolean).join('; '));
  });
}

/** A name to choose with its settings below. */
export function choiceForm(label: string, rows: Row[], choice: Choice, changed: () => void, common: string[] = [], isOpen = false,
  first: (row: Row) => Record<string, string> = () => ({})): HTMLElement {
  const inside = h('div', { class: 'settings' });
  const more = h('details', { open: isOpen }, h('summary', {}, t('settings')), inside);
  const about = h('p', { class: 'about' });
  const refill = (): void => {
    inside.replaceChildren(...settingsOf(rows, choice, changed));
    more.hidden = inside.childElementCount === 0;
    about.textContent = rows.find((row) => row.name === choice.name)?.doc ?? '';
  };
  const names = selectOf(rows.map((row) => row.name), choice.name, (name) => {
    choice.name = name;
    choice.settings = first(rows.find((row) => row.name === name) as Row);
    refill();
    changed();
  }, common);
  refill();
  return h('div', { class: 'choice' }, field(label, names), about, more);
}
