// The frame around both pages: their tabs, the language, and what the address says.
import { call, load, Tables } from './engine';
import { ExplainPage, readAsked } from './explain';
import { h, put } from './dom';
import { keep, kept } from './keep';
import { Playground } from './play';
import { firstState, readState, State } from './state';
import { firstLanguage, Key, languages, t, useLanguage } from './text';
import { firstTheme, theme, themes, useTheme } from './theme';

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
    keep('language', language.value);
    draw();
  } }, ...Object.entries(languages).map(([name, label]) => h('option', { value: name, selected: document.documentElement.lang === name }, label)));
  const colours = h('select', { 'aria-label': t('theme'), name: 'theme', onchange: () => {
    useTheme(colours.value);
    shownPage?.repaint();
  } }, ...themes.map((name) => h('option', { value: name, selected: theme() === name }, `${t('theme')}: ${t(('theme' + name[0].toUpperCase() + name.slice(1)) as Key)}`)));
  document.title = `${t(page === 'play' ? 'playground' : 'explain')} · Chainrule`;
  const main = page === 'play' ? new Playground(state, tables, linked) : new ExplainPage(readAsked(text), tables, linked);
  shownPage = main;
  put(app, h('a', { class: 'skip', href: '#main', onclick: (event: Event) => { event.preventDefault(); main.element.setAttribute('tabindex', '-1'); main.element.focus(); } }, t('skip')),
    h('header', {}, h('h1', {}, 'Chainrule'), h('nav', { 'aria-label': t('pages') }, link('play', t('playground')), link('explain', t('explain'))), h('span', { class: 'grow' }), colours, language),
    main.element, h('footer', {}, t('footer', { version: tables.version })));
}

async function start(): Promise<void> {
  useLanguage(kept('language') ?? firstLanguage());
  firstTheme(() => shownPage?.repaint());
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
