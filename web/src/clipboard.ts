/** `data-copy="text"` or `data-copy-from="#id"` copies and says so. */
import { toast } from "./toasts";
import { text } from "./texts";

export function startClipboard(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy], [data-copy-from]") : null;
    if (!button) return;
    const source = button.dataset["copyFrom"] ? document.querySelector(button.dataset["copyFrom"]) : null;
    const value = button.dataset["copy"] ?? (source instanceof HTMLTextAreaElement || source instanceof HTMLInputElement ? source.value : (source?.textContent ?? ""));
    void copy(value.trim()).then((done) => toast(text(done ? "copied" : "not copied")));
  });
}

/** True when it was copied. Without HTTPS there is no clipboard, so an old way stays as the second. */
export async function copy(value: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = value;
    area.className = "visually-hidden";
    const open = document.querySelector("dialog[open]") ?? document.body;
    open.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
