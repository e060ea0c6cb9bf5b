/** Forms: one submit is one command, typed text is not lost by leaving, and errors get the focus. */
import { fresh, onContent } from "./page";
import { text } from "./texts";

const buttons = (form: HTMLFormElement) =>
  [...form.elements].filter((e): e is HTMLButtonElement => e instanceof HTMLButtonElement && e.type === "submit");

export function release(form: HTMLFormElement): void {
  delete form.dataset["sent"];
  for (const button of buttons(form)) button.removeAttribute("aria-busy");
}

export function startForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    if (form.dataset["sent"]) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const question = (event.submitter?.dataset["confirm"] ?? form.dataset["confirm"]) || "";
    if (question && !confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset["sent"] = "1";
    form.dataset["clean"] = "1";
    // A download does not leave the page, so nothing else would give its form back.
    setTimeout(() => release(form), form.hasAttribute("data-download") ? 1_500 : 20_000);
    // Buttons stay enabled: a disabled one would not send its own name and value.
    if (event.submitter instanceof HTMLButtonElement) event.submitter.setAttribute("aria-busy", "true");
  }, true);
  // Coming back by the history shows the page as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.target instanceof Element) {
      const form = event.target.closest("form");
      if (form) release(form);
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLElement) {
      const form = event.target.closest<HTMLFormElement>("form[data-guard]");
      if (form) delete form.dataset["clean"], (form.dataset["changed"] = "1");
    }
  });
  addEventListener("beforeunload", (event) => {
    const open = document.querySelector("form[data-guard][data-changed]:not([data-clean])");
    if (open) event.preventDefault();
  });

  // `data-submit-on-change`: a filter that applies itself; its button is for those without a script.
  document.addEventListener("change", (event) => {
    if (event.target instanceof Element) event.target.closest<HTMLFormElement>("form[data-submit-on-change]")?.requestSubmit();
  });

  onContent((root) => {
    for (const summary of fresh<HTMLElement>(root, "[data-error-summary]", "focus")) summary.focus();
    for (const area of fresh<HTMLTextAreaElement>(root, "textarea[maxlength]", "count")) count(area);
  });
}

function count(area: HTMLTextAreaElement): void {
  const place = document.createElement("span");
  place.className = "help number";
  const show = () => {
    place.textContent = text("characters", { used: area.value.length, most: area.maxLength });
  };
  area.after(place);
  area.addEventListener("input", show);
  show();
}
