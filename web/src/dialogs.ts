/** `data-dialog="id"` opens that <dialog>; `data-close` inside closes it; a click beside it closes it too.
 * A dialog with `data-open-now` (a form sent back with errors) opens by itself. Esc and focus are the browser's own. */
import { onContent } from "./page";

export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element)) return;
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset["dialog"] ?? "");
      if (dialog instanceof HTMLDialogElement) {
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    if (target.closest("[data-close]")) {
      target.closest("dialog")?.close();
      return;
    }
    if (target instanceof HTMLDialogElement && target.open && outside(target, event)) target.close();
  });
  onContent((root) => {
    for (const dialog of root.querySelectorAll<HTMLDialogElement>("dialog[data-open-now]")) {
      dialog.removeAttribute("data-open-now");
      if (!dialog.open) dialog.showModal();
    }
  });
}

function outside(dialog: HTMLDialogElement, event: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
