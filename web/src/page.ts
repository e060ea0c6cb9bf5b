/** Running something on what is on the page now and on what htmx brings later. */
export function onContent(run: (root: ParentNode) => void): void {
  const start = () => run(document);
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
  document.addEventListener("htmx:after:process", (event) => {
    if (event.target instanceof Element) run(event.target.parentNode ?? event.target);
  });
}

/** The elements below `root` that match, each only once for this `mark`. */
export function fresh<T extends Element>(root: ParentNode, selector: string, mark: string): T[] {
  const found: T[] = [];
  for (const element of root.querySelectorAll<T>(selector)) {
    const marks = ((element as unknown as Record<string, unknown>)["_qipan"] ??= new Set()) as Set<string>;
    if (!marks.has(mark)) {
      marks.add(mark);
      found.push(element);
    }
  }
  return found;
}

/** An element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** One of the sprite's icons. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset["icons"] ?? ""}#${name}`);
  svg.append(use);
  return svg;
}
