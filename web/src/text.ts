// What the page says, in the language that was chosen.
import en from '../lang/en';
import ja from '../lang/ja';
import zh from '../lang/zh';

export type Key = keyof typeof en;
const all: Record<string, Record<Key, string>> = { en, zh, ja };
export const languages: Record<string, string> = { en: 'English', zh: '中文', ja: '日本語' };

let now = 'en';
export function language(): string {
  return now;
}
export function useLanguage(name: string): void {
  now = name in all ? name : 'en';
  document.documentElement.lang = now;
}
/** The language of the browser, if it is one of these. */
export function firstLanguage(): string {
  return navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in all) ?? 'en';
}

/** t('step', { n: 3 }) of "step {n}" */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return all[now][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}
