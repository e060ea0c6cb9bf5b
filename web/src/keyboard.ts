/** `/` goes to the search field, arrows move in a list, Enter opens, Esc leaves the search field.
 * A list is `[data-list]`, its rows `[data-row]`, each with one link that opens it: the first, or `[data-open]`. */

const opener = (row: Element) =>
  row.querySelector<HTMLElement>("[data-open]") ?? row.querySelector<HTMLElement>("a[href]");

export function rowLinks(list: Element): HTMLElement[] {
  return [...list.querySelectorAll("[data-row]")].flatMap((row) => {
    const link = opener(row);
    return link ? [link] : [];
  });
}

/** The link to go to from `current` by `key`; undefined when the key means nothing here. */
export function step(links: HTMLElement[], current: Element | null, key: string): HTMLElement | undefined {
  const at = links.findIndex((link) => link === current || link.closest("[data-row]") === current?.closest("[data-row]"));
  if (key === "Home") return at < 0 ? undefined : links[0];
  if (key === "End") return at < 0 ? undefined : links.at(-1);
  if (key === "ArrowDown") return links[Math.min(at + 1, links.length - 1)];
  if (key === "ArrowUp") return at < 0 ? undefined : links[Math.max(at - 1, 0)];
  return undefined;
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"))
  );
}

export function startKeyboard(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target instanceof HTMLElement && event.target.matches("[data-search]")) {
      event.target.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      const visible = [...document.querySelectorAll<HTMLInputElement>("[data-search]")].find(
        (field) => field.offsetParent !== null,
      );
      if (visible) {
        event.preventDefault();
        visible.focus();
        visible.select();
      }
      return;
    }
    const active = document.activeElement;
    const inside = active?.closest("[data-list]");
    // Arrows scroll the page unless the list has the focus, or nothing has.
    const list = inside ?? ((active === document.body || active?.matches("main")) && event.key === "ArrowDown" ? document.querySelector("[data-list]") : null);
    if (!list) return;
    const next = step(rowLinks(list), inside ? active : null, event.key);
    if (next) {
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest" });
    }
  });
  // A click anywhere on a row opens it, unless it was on something of its own or selected text.
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.defaultPrevented) return;
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("a, button, input, select, textarea, label, summary, [data-dialog]")) return;
    if (getSelection()?.toString()) return;
    opener(row)?.click();
  });
}
