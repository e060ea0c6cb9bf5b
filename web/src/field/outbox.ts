/** What waits to be sent, what arrived, and what wants a decision. Nothing goes from here unless the person lets it go. */
import { toast } from "../toasts";
import { shrunk } from "./camera";
import { View, banner, go, html, icon, nothing, phone, photoField, text } from "./parts";
import { sendable, type Read } from "./queue";
import type { Draft } from "./report";
import { moment, statusName } from "./words";

const WORDS: Record<string, string> = { answer: "text", verify: "note", rework: "reason", extend: "reason" };

export const wantsPerson = (item: Read): boolean => item.state === "conflict" || item.state === "refused";

function stateWords(item: Read, moving: ReadonlySet<string>): string {
  if (item.state === "waiting" || item.state === "undecided") {
    if (!moving.has(item.id)) return text("field.queue.behind");
    return text(phone.online === false ? "field.queue.offline" : phone.syncing ? "field.queue.sending" : "field.queue.waiting");
  }
  return text(`field.queue.${item.state}`);
}

export class Outbox extends View {
  private line(item: Read, moving: ReadonlySet<string>) {
    const label = item.secret?.label ?? text("field.queue.sealed");
    const inner = html`<span class="queue-state" data-state=${item.state}>${icon(wantsPerson(item) ? "alert" : item.state === "sent" ? "check" : item.state === "kept" ? "inbox" : "clock")}</span>
      <span class="queue-words"><strong>${label}</strong><span class="soft">${moment(item.at)} · ${stateWords(item, moving)}${item.photo ? ` · ${text("field.queue.photo")}` : ""}</span></span>`;
    return wantsPerson(item)
      ? html`<li><a class="queue-line" data-state=${item.state} href="#queue/${item.id}">${inner}${icon("right")}</a></li>`
      : html`<li><div class="queue-line" data-state=${item.state}>${inner}</div></li>`;
  }

  protected override render() {
    const moving = new Set(sendable(phone.queue).map((one) => one.id));
    const rank = (item: Read) => (wantsPerson(item) ? 0 : item.state === "sent" || item.state === "kept" ? 2 : 1);
    const rows = [...phone.queue].sort((a, b) => rank(a) - rank(b) || (rank(a) === 2 ? b.seq - a.seq : a.seq - b.seq));
    const waiting = rows.filter((one) => rank(one) === 1).length;
    return html`<section class="view">
      ${waiting ? html`<p>${text("field.queue.n", { n: waiting })}</p>
        <button class="button wide" ?disabled=${phone.syncing} @click=${() => void phone.sync()}>${icon("upload")} ${text(phone.syncing ? "field.syncing" : "field.queue.now")}</button>` : nothing}
      ${rows.length ? html`<ul class="queue">${rows.map((one) => this.line(one, moving))}</ul>` : html`<p class="empty">${icon("check")} ${text("field.queue.empty")}</p>`}
    </section>`;
  }
}

/** A step that the server did not carry out: what was done, how it stands now, and the two ways on. */
export class Decide extends View {
  static override properties = { item: {} };
  declare item: string;
  private words: string | undefined;
  private photo: Blob | undefined;
  private shown: string | undefined;
  private busy = false;

  private async settle(work: () => Promise<void>, said: string): Promise<void> {
    this.busy = true;
    this.requestUpdate();
    await work().finally(() => (this.busy = false));
    toast(text(said));
    go("queue");
  }

  private again(found: Read): Promise<void> {
    const command = found.secret?.command;
    if (!command) return Promise.resolve();
    const field = WORDS[command.step];
    const body = field && this.words !== undefined ? { ...command.body, [field]: this.words.trim() } : command.body;
    const base = found.answer?.state?.version ?? command.base;
    return phone.again(found, { base, body, ...(this.photo ? { photo: this.photo } : {}) });
  }

  private async correct(found: Read): Promise<void> {
    const body = found.secret?.command.body as { category: string; title: string; text: string; urgent: boolean | null; longitude: number; latitude: number };
    const draft: Draft = {
      category: body.category, words: body.text || body.title, urgent: body.urgent, point: [body.longitude, body.latitude],
      replaces: found.id,
    };
    await phone.keepDraft("report", draft);
    go("report");
  }

  private async taken(file: File): Promise<void> {
    this.photo = await shrunk(file).catch(() => undefined);
    if (this.shown) URL.revokeObjectURL(this.shown);
    this.shown = this.photo && URL.createObjectURL(this.photo);
    this.requestUpdate();
  }

  protected override render() {
    const found = phone.queue.find((one) => one.id === this.item);
    if (!found?.secret || !wantsPerson(found)) return html`<section class="view"><p class="empty">${icon("check")} ${text("field.decide.done")}</p><a class="button wide" href="#queue">${text("field.tab.queue")}</a></section>`;
    const { command, label } = found.secret;
    const state = found.answer?.state ?? null;
    const field = WORDS[command.step];
    const said = field ? String(this.words ?? command.body[field] ?? "") : "";
    const over = found.answer?.code === "visit-over"; // by somebody else; what was found may still be reported
    const possible = command.step === "report" || (command.step === "visit" && !over) || command.step === "extend" || command.step.startsWith("shift") || !state || (state.steps ?? []).includes(command.step);
    return html`<section class="view form">
      ${banner(html`<strong>${text(`field.decide.${found.state}`)}</strong> ${found.answer?.detail ?? ""}`, "problem")}
      <h2>${text("field.decide.yours")}</h2>
      <p><strong>${label}</strong><br /><span class="soft">${moment(found.at)}</span></p>
      ${field ? html`<label>${text(`field.words.${command.step}`)}<textarea rows="3" maxlength="500" .value=${said}
        @input=${(event: Event) => (this.words = (event.target as HTMLTextAreaElement).value)}></textarea></label>` : nothing}
      ${found.answer?.code === "photo-missing" ? photoField(this.shown, text("field.photo.missing"), (file) => void this.taken(file)) : nothing}
      <h2>${text("field.decide.now")}</h2>
      ${state ? html`<dl class="facts"><dt>${text("field.status")}</dt><dd>${statusName(state.status ?? "")}</dd><dt>${text("field.number")}</dt><dd class="number">${state.number}</dd></dl>`
        : html`<p class="soft">${over ? text("field.decide.visit over") : text(command.step === "report" ? "field.decide.not there" : "field.decide.out of sight")}</p>`}
      ${possible ? nothing : html`<p>${text("field.decide.impossible")}</p>`}
      <div class="actions">
        ${command.step === "report" ? html`<button class="button big primary" ?disabled=${this.busy} @click=${() => void this.correct(found)}>${text("field.decide.correct")}</button>`
          : possible ? html`<button class="button big primary" ?disabled=${this.busy} @click=${() => void this.settle(() => this.again(found), "field.kept")}>${text("field.decide.again")}</button>` : nothing}
        <button class="button big" ?disabled=${this.busy} @click=${() => void this.settle(() => phone.letGo(found), "field.decide.gone")}>${text("field.decide.let go")}</button>
      </div>
    </section>`;
  }
}
