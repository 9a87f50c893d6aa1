// Elements, shortly.

type Child = Node | string | null | undefined | false;
type Properties = Record<string, unknown>;

/** h('button', { class: 'big', onclick: f, 'aria-label': 'x' }, 'text') */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K, properties: Properties = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  fill(made, properties, children);
  return made;
}

/** The same of SVG. */
export function s(name: string, properties: Properties = {}, ...children: Child[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  fill(made, properties, children);
  return made;
}

function fill(made: Element, properties: Properties, children: Child[]): void {
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value as EventListener);
    else if (key === 'value' || key === 'checked' || key === 'selected') (made as unknown as Properties)[key] = value;
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children) if (child) made.append(child);
}

/** What is inside anew. The control that had the focus keeps it, or the one that took its place. */
export function put(into: Element, ...children: Child[]): void {
  const focused = into.contains(document.activeElement) ? document.activeElement as HTMLElement : null;
  into.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
  if (!focused || focused === document.activeElement) return;
  const marks = ['data-do', 'data-kind', 'data-side', 'name', 'aria-label'];
  const mark = marks.find((each) => focused.getAttribute(each));
  const next = focused.isConnected ? focused
    : mark ? into.querySelector<HTMLElement>(`[${mark}="${CSS.escape(focused.getAttribute(mark) as string)}"]`) : null;
  next?.focus({ preventScroll: true });
}

/** A number as people read it. */
export function shown(value: number | string | null | undefined, digits = 4): string {
  if (typeof value !== 'number') return value === null || value === undefined ? '' : String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(digits - 1).replace('e+', 'e');
  return String(Number(value.toPrecision(digits)));
}

/** One stop of the Tab key for buttons of which one is chosen; arrow keys choose among them. */
export function choosing(group: HTMLElement): HTMLElement {
  const all = [...group.querySelectorAll<HTMLButtonElement>('[role=radio], [role=tab]')];
  const isChosen = (each: HTMLElement): boolean => each.matches('[aria-checked=true], [aria-selected=true]');
  const mark = (chosen: HTMLElement | undefined): void => all.forEach((each, i) => { each.tabIndex = chosen ? (each === chosen ? 0 : -1) : i ? -1 : 0; });
  mark(all.find(isChosen));
  group.addEventListener('keydown', (event) => {
    const at = all.indexOf(event.target as HTMLButtonElement), last = all.length - 1;
    const to: Record<string, number> = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last };
    if (at < 0 || !(event.key in to)) return;
    event.preventDefault();
    const next = all[(to[event.key] + all.length) % all.length];
    mark(next);
    next.focus();
    next.click();
  });
  return group;
}

export function download(name: string, what: string | Uint8Array): void {
  const type = typeof what === 'string' ? 'text/plain' : 'application/octet-stream';
  const link = h('a', { href: URL.createObjectURL(new Blob([what], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
