// What the page remembers from visit to visit; one that is opened as a file may keep nothing.

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`chainrule-${name}`, value);
  } catch { /* then it is not kept */ }
}
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`chainrule-${name}`);
  } catch {
    return null;
  }
}
