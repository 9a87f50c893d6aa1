// Light or dark: as the system has it, unless the page was told.
import { keep, kept } from './keep';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const system = matchMedia('(prefers-color-scheme: dark)');
let chosen: Theme = 'system';

export const theme = (): Theme => chosen;

const isDark = (): boolean => chosen === 'dark' || (chosen === 'system' && system.matches);

function apply(): void {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
}
/** A picture of the library's, which follows the system, in the page's colours. */
export function inTheme(svg: string): string {
  return svg.replaceAll('@media (prefers-color-scheme: dark)', isDark() ? '@media all' : '@media not all');
}
export function useTheme(name: string): void {
  chosen = themes.find((each) => each === name) ?? 'system';
  keep('theme', chosen);
  apply();
}
/** @param changed  when the system goes dark or light, and the page with it. */
export function firstTheme(changed: () => void): void {
  chosen = themes.find((each) => each === kept('theme')) ?? 'system';
  apply();
  system.addEventListener('change', () => {
    apply();
    changed();
  });
}
