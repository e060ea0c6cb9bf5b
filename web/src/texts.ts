/** Texts come with the page, already in its language (assembly/client_texts.py): a JSON block with id "texts". */
let known: Record<string, string> | undefined;

function texts(): Record<string, string> {
  known ??= JSON.parse(document.getElementById("texts")?.textContent ?? "{}") as Record<string, string>;
  return known;
}

/** The words that a page has beside everybody's. */
export function addTexts(more: Record<string, string>): void {
  known = { ...texts(), ...more };
}

/** For tests: use these texts. */
export function useTexts(given: Record<string, string>): void {
  known = given;
}

/** The text of a key with its {values} filled in; the key itself where the page lacks it. */
export function text(key: string, values: Record<string, string | number> = {}): string {
  const pattern = texts()[key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
