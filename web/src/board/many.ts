/** A step for many: what is asked for, what will happen said in words before anything does, and what became of it. */
import { html, nothing, render } from "lit";
import { make } from "../page";
import { text } from "../texts";
import { toast } from "../toasts";
import { grouped } from "./inside";

export interface Row {
  id: string;
  number: string;
  title: string;
  unit: string | null;
  due_at: string | null;
}

export interface Unit {
  id: number;
  name: string;
  area: string;
}

interface Refused {
  id: string;
  why: string;
}

interface Told {
  will: string[];
  wont: Refused[];
  to: { unit: string; count: number }[];
}

const FEW = 3; // lines that are read at a glance

/** A write of the board; undefined where it was refused as a whole or nobody answered, which is told. */
export async function sent<T>(name: string, body: object, key: string = crypto.randomUUID()): Promise<T | undefined> {
  const headers = {
    "Content-Type": "application/json", "Idempotency-Key": key, "X-CSRFToken": document.body.dataset["csrf"] ?? "",
  };
  try {
    const answer = await fetch(`/api/v1/board/${name}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) return (await answer.json()) as T;
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string; title?: string };
    toast(problem.detail ?? problem.title ?? text("board.failed", { status: answer.status }), { kind: "problem" });
  } catch {
    toast(text("board.unreachable"), { kind: "problem" });
  }
  return undefined;
}

/** Opens the step's dialog; `done` once something was done. */
export function openMany(step: string, rows: readonly Row[], units: readonly Unit[], done: () => void): void {
  const dialog = make("dialog", { class: "board-dialog select-dialog", "aria-labelledby": "many-title" });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  new Many(dialog, step, rows, units, done).ask();
  dialog.showModal();
}

class Many {
  private unit = "";
  private words = "";
  private busy = false;
  private changed = false;

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly step: string,
    private readonly rows: readonly Row[],
    private readonly units: readonly Unit[],
    private readonly done: () => void,
  ) {
    dialog.addEventListener("close", () => this.changed && this.done());
  }

  private get body() {
    return { step: this.step, ids: this.rows.map((row) => row.id), unit: this.unit ? Number(this.unit) : null, text: this.words };
  }

  private show(title: string, content: unknown): void {
    render(html`<div class="dialog-head"><h2 id="many-title">${title}</h2></div><div class="dialog-body">${content}</div>`, this.dialog);
    this.dialog.querySelector<HTMLElement>("[data-first]")?.focus();
  }

  ask(): void {
    const asks = this.step === "supervise";
    const areas = [...new Set(this.units.map((one) => one.area))];
    this.show(text(`select.${this.step}`), html`
      <form class="stack" @submit=${(event: SubmitEvent) => (event.preventDefault(), void this.preview())}>
        ${this.step === "dispatch"
          ? html`<div class="field"><label for="many-unit">${text("select.unit")}</label>
              <select id="many-unit" data-first @change=${(event: Event) => (this.unit = (event.target as HTMLSelectElement).value)}>
                <option value="">${text("select.by rule")}</option>
                ${areas.map((area) => html`<optgroup label=${area}>${this.units
                  .filter((one) => one.area === area)
                  .map((one) => html`<option value=${one.id} ?selected=${String(one.id) === this.unit}>${one.name}</option>`)}</optgroup>`)}
              </select></div>`
          : nothing}
        <div class="field"><label for="many-words">${text(asks ? "select.question" : "select.remark")}</label>
          <textarea id="many-words" rows="2" maxlength=${asks ? 500 : 200} ?required=${asks} ?data-first=${this.step !== "dispatch"} .value=${this.words}
            @input=${(event: Event) => (this.words = (event.target as HTMLTextAreaElement).value)}></textarea></div>
        <div class="buttons"><button class="button primary">${text("select.preview")}</button>
          <button type="button" class="button quiet" @click=${() => this.dialog.close()}>${text("select.cancel")}</button></div>
      </form>`);
  }

  private async preview(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const told = await sent<Told>("preview", this.body);
    this.busy = false;
    if (told) this.tell(told);
  }

  private tell({ will, wont, to }: Told): void {
    const key = crypto.randomUUID();
    this.show(text(`select.${this.step}`), html`
      <p class="soft">${text("select.nothing yet")}</p>
      ${to.length > FEW
        ? html`<p class="select-will">${text(`select.will ${this.step} all`, { n: will.length, units: to.length })}</p>
            <details><summary>${text("select.units")}</summary><ul class="select-refused">${to.map((one) => html`<li>${this.goes(one)}</li>`)}</ul></details>`
        : to.map((one) => html`<p class="select-will">${this.goes(one)}</p>`)}
      ${this.refusals(wont, "select.wont")}
      <div class="buttons">
        ${will.length ? html`<button type="button" class="button primary" data-first data-do @click=${() => void this.act(key)}>${text(`select.do ${this.step}`, { n: will.length })}</button>` : nothing}
        <button type="button" class="button quiet" ?data-first=${!will.length} @click=${() => this.ask()}>${text("select.back")}</button>
      </div>`);
  }

  private goes({ unit, count }: { unit: string; count: number }): string {
    return text(`select.will ${this.step}`, { n: count, unit: unit || text("select.nobody") });
  }

  private refusals(refused: readonly Refused[], words: string) {
    if (!refused.length) return nothing;
    const named = new Map(this.rows.map((row) => [row.id, `${row.title} · ${row.number}`]));
    return html`<p><strong>${text(words, { n: refused.length })}</strong></p>
      <ul class="select-refused">${grouped(refused).map(({ why, ids }) => html`<li><details ?open=${refused.length <= FEW}>
        <summary>${why} <strong>${ids.length}</strong></summary>
        <ul class="soft small">${ids.map((id) => html`<li>${named.get(id) ?? ""}</li>`)}</ul></details></li>`)}</ul>`;
  }

  private async act(key: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const answer = await sent<{ done: string[]; refused: Refused[] }>("act", this.body, key);
    this.busy = false;
    this.changed = true;
    if (!answer) {
      // It may be done or not; the same key again does the rest and nothing twice.
      return this.show(text(`select.${this.step}`), html`<p>${text("select.broke")}</p>
        <div class="buttons"><button type="button" class="button primary" data-first @click=${() => void this.act(key)}>${text("select.again")}</button>
        <button type="button" class="button quiet" @click=${() => this.dialog.close()}>${text("board.close")}</button></div>`);
    }
    toast(text("select.done", { n: answer.done.length }));
    if (!answer.refused.length) return this.dialog.close();
    this.show(text(`select.${this.step}`), html`<p>${text("select.done", { n: answer.done.length })}</p>
      ${this.refusals(answer.refused, "select.refused")}
      <div class="buttons"><button type="button" class="button" data-first @click=${() => this.dialog.close()}>${text("board.close")}</button></div>`);
  }
}
