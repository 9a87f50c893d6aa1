// The same run elsewhere: for the tool, as a program, as a link.
import { choosing, download, h, put } from './dom';
import { EngineError } from './engine';
import { cppProgram, pythonProgram } from './programs';
import { Run } from './run';
import { dataName, Settings, State, stateLink } from './state';
import { t } from './text';

/** The net in numbers: saved, not shown. */
function onnxBox(run: Run): HTMLElement {
  try {
    const { operators, file } = run.onnx();
    return h('div', {}, h('p', { 'data-home': 'ONNX' }, t('onnxHolds', { operators, n: run.about.parameters, bytes: file.length })),
      h('div', { class: 'bar' }, h('button', { class: 'small', 'data-do': 'downloadOnnx', onclick: () => download('run.onnx', file) }, `${t('download')} run.onnx`)));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return h('p', { class: 'error' }, error.message);
  }
}

export function homeDialog(state: State, settings: Settings, run: Run, dataText: string): void {
  const data = dataName(state.data), { hash, complete } = stateLink(state);
  const link = location.href.replace(/#.*$/, '') + '#' + hash;
  const files: [string, string | (() => HTMLElement), string, string][] = [
    ['run.toml', run.toml, t('homeToml', { data }), 'run.toml'],
    ['C++', cppProgram(state.data, settings, run.about), t('homeCpp'), 'run.cpp'],
    ['Python', pythonProgram(state.data, settings, run.about), t('homePython'), 'run.py'],
    [t('link'), link, t(complete ? 'homeLink' : 'homeLinkWithout'), ''],
    ['ONNX', () => onnxBox(run), t('homeOnnx', { n: run.step }), 'run.onnx'],
  ];
  const shown = h('div', {});
  const dialog = h('dialog', { 'aria-label': t('takeHome') });
  const show = (chosen: number): void => {
    const [, text, about, file] = files[chosen];
    tabs.forEach((tab, i) => {
      tab.setAttribute('aria-selected', String(i === chosen));
      tab.classList.toggle('chosen', i === chosen);
    });
    if (typeof text !== 'string') {
      put(shown, h('p', {}, about), text());
      return;
    }
    const copied = h('span', { role: 'status' });
    const box = h('textarea', { readonly: true, rows: Math.min(22, text.split('\n').length + 1), 'aria-label': files[chosen][0], spellcheck: 'false', 'data-home': files[chosen][0] });
    box.value = text;
    put(shown, h('p', {}, about), box, h('div', { class: 'bar' },
      h('button', { class: 'small', 'data-do': 'copy', onclick: async () => {
        box.select();
        try {
          await navigator.clipboard.writeText(text);
        } catch {
          document.execCommand('copy');
        }
        copied.textContent = t('copied');
      } }, t('copy')),
      file ? h('button', { class: 'small', 'data-do': 'download', onclick: () => download(file, text) }, `${t('download')} ${file}`) : null,
      dataText ? h('button', { class: 'small', 'data-do': 'downloadData', onclick: () => download(data, dataText) }, `${t('download')} ${data}`) : null, copied));
  };
  const tabs = files.map(([name], i) => h('button', { role: 'tab', 'aria-selected': String(i === 0), onclick: () => show(i) }, name));
  dialog.append(h('div', { class: 'dialogHead' }, h('h2', {}, t('takeHome')), h('button', { class: 'icon', 'aria-label': t('close'), 'data-do': 'close', onclick: () => dialog.close() }, '×')),
    choosing(h('div', { class: 'sides', role: 'tablist', 'aria-label': t('takeHome') }, ...tabs)), shown);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  show(0);
  dialog.showModal();
}
