// The frame around both pages: their tabs, the language, and what the address says.
import { call, load, Tables } from './engine';
import { ExplainPage, readAsked } from './explain';
import { h, put } from './dom';
import { Playground } from './play';
import { firstState, readState, State } from './state';
import { firstLanguage, languages, t, useLanguage } from './text';

type Page = 'play' | 'explain';

const app = document.getElementById('app') as HTMLElement;
let tables: Tables;
let state: State = firstState();
let shownPage: Playground | ExplainPage | null = null;
let written = '';
const last: Record<Page, string> = { play: '', explain: '' };

function pageOf(hash: string): [Page, string] {
  const [, name, text] = /^#?(play|explain)(?:=([\w-]*))?$/.exec(hash) ?? [];
  return [(name as Page) ?? 'play', text ?? ''];
}

/** The address holds all that was chosen; going back does not pass through every key that was pressed. */
function linked(hash: string): void {
  written = '#' + hash;
  last[pageOf(hash)[0]] = written;
  history.replaceState(null, '', written);
}

function draw(): void {
  const [page, text] = pageOf(location.hash);
  shownPage?.stop();
  if (page === 'play' && text) state = readState(text) ?? state;
  const link = (name: Page, label: string): HTMLElement =>
    h('a', { href: last[name] || `#${name}`, 'aria-current': page === name ? 'page' : undefined, 'data-page': name }, label);
  const language = h('select', { 'aria-label': t('language'), name: 'language', onchange: () => {
    useLanguage(language.value);
    try {
      localStorage.setItem('chainrule-language', language.value);
    } catch { /* a page opened as a file may keep nothing */ }
    draw();
  } }, ...Object.entries(languages).map(([name, label]) => h('option', { value: name, selected: document.documentElement.lang === name }, label)));
  document.title = `${t(page === 'play' ? 'playground' : 'explain')} · Chainrule`;
  const main = page === 'play' ? new Playground(state, tables, linked) : new ExplainPage(readAsked(text), tables, linked);
  shownPage = main;
  put(app, h('a', { class: 'skip', href: '#main', onclick: (event: Event) => { event.preventDefault(); main.element.setAttribute('tabindex', '-1'); main.element.focus(); } }, t('skip')),
    h('header', {}, h('h1', {}, 'Chainrule'), h('nav', { 'aria-label': t('pages') }, link('play', t('playground')), link('explain', t('explain'))), h('span', { class: 'grow' }), language),
    main.element, h('footer', {}, t('footer', { version: tables.version })));
}

async function start(): Promise<void> {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem('chainrule-language');
  } catch { /* as above */ }
  useLanguage(kept ?? firstLanguage());
  put(app, h('p', { class: 'loading', role: 'status' }, t('loading')));
  try {
    await load();
    tables = call<Tables>('tables');
  } catch (error) {
    put(app, h('p', { class: 'error' }, `${t('cannotLoad')} ${(error as Error).message}`));
    return;
  }
  draw();
  window.addEventListener('hashchange', () => {
    if (location.hash !== written) draw();
  });
}

void start();
