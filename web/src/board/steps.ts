/** A step's form, brought onto the board: the page's own form in a dialog, sent without leaving the board. */
import { icon, make } from "../page";
import { text } from "../texts";
import { toast } from "../toasts";

/** The form in an answer, without what would have htmx send it. */
export function formIn(page: string): HTMLFormElement | undefined {
  const form = new DOMParser().parseFromString(page, "text/html").querySelector<HTMLFormElement>("form.step-form");
  for (const { name } of [...(form?.attributes ?? [])]) if (name.startsWith("hx-")) form?.removeAttribute(name);
  return form ? document.importNode(form, true) : undefined;
}

/** Opens the step; `done` once it was taken. Where there is no form any more, the link is followed. */
export async function openStep(link: HTMLAnchorElement, done: () => void): Promise<void> {
  const answer = await fetch(link.href).catch(() => undefined);
  const form = answer?.ok ? formIn(await answer.text()) : undefined;
  if (!form) {
    if (answer) location.assign(link.href);
    else toast(text("board.unreachable"), { kind: "problem" });
    return;
  }
  const dialog = make("dialog", { class: "board-dialog", "aria-labelledby": "step-title" });
  const close = make("button", { type: "button", class: "bar-button", "data-close": "", "aria-label": text("board.close") }, icon("close"));
  dialog.append(
    make("div", { class: "dialog-head" }, make("h2", { id: "step-title" }, link.textContent?.trim() ?? ""), close),
    make("div", { class: "dialog-body" }, form),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(event.target as HTMLFormElement, dialog, done);
  });
  // On a page of its own the form's "cancel" is a link back; here it closes the dialog.
  dialog.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(".buttons a.quiet")) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea, button.primary")?.focus();
}

async function send(form: HTMLFormElement, dialog: HTMLDialogElement, done: () => void): Promise<void> {
  const free = () => delete form.dataset["sent"];
  let answer: Response;
  try {
    answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
  } catch {
    free();
    return toast(text("board.unreachable"), { kind: "problem" });
  }
  if (answer.headers.has("HX-Redirect")) {
    dialog.close();
    toast(text("board.done"));
    return done();
  }
  const again = answer.ok || answer.status === 422 || answer.status === 409 ? formIn(await answer.text()) : undefined;
  if (again) form.replaceWith(again);
  else toast(text("board.failed", { status: answer.status }), { kind: "problem" });
  free();
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}
