/** One duty: what it is, what may come next as large buttons, its people at one tap; and the words a step needs. */
import { toast } from "../toasts";
import { offers, type Ahead } from "./ahead";
import { Away, Refused } from "./ask";
import { NotAPicture, shrunk } from "./camera";
import { NEEDS_WORDS, mine, takeNow } from "./duties";
import { View, banner, clock, go, html, icon, nothing, phone, photoField, text } from "./parts";
import { people, type Known } from "./people";
import { NoRoom } from "./queue";
import { moment, statusName } from "./words";

export class DutyView extends View {
  static override properties = { incident: {}, step: {} };
  declare incident: string;
  declare step: string;
  private known: Known[] | undefined;
  private asking = false;
  private problem = "";

  override updated(changed: Map<string, unknown>): void {
    if (changed.has("incident") && changed.get("incident")) this.known = undefined;
  }

  private async who(): Promise<void> {
    [this.asking, this.problem] = [true, ""];
    this.requestUpdate();
    try {
      this.known = await people(this.incident);
    } catch (error) {
      this.problem = error instanceof Refused ? error.detail : error instanceof Away ? text("field.people.away") : String(error);
    }
    this.asking = false;
    this.requestUpdate();
  }

  protected override render() {
    const row = mine().find((one) => one.id === this.incident);
    if (!row) return html`<section class="view"><p class="empty">${text("field.gone")}</p><a class="button wide" href="#">${text("field.to duties")}</a></section>`;
    if (this.step) return html`<field-step .row=${row} .step=${this.step}></field-step>`;
    const { main, aside } = offers(row);
    const place = [row.place, row.address].filter(Boolean).join(" · ");
    return html`<section class="view duty">
      <p class="card-top">${clock(row)} ${row.urgent ? html`<strong class="mark">${text("field.urgent")}</strong>` : nothing}
        ${row.supervised ? html`<strong class="mark">${text("field.supervised")}</strong>` : nothing}</p>
      <h2>${row.title}</h2>
      <dl class="facts">
        <dt>${text("field.status")}</dt><dd>${statusName(row.status)}${row.queued ? html` <span class="queued">${icon("upload")} ${text("field.queued")}</span>` : nothing}</dd>
        ${place ? html`<dt>${text("field.place")}</dt><dd>${place}</dd>` : nothing}
        <dt>${text("field.number")}</dt><dd class="number">${row.number}</dd>
        <dt>${text("field.reported")}</dt><dd>${moment(Date.parse(row.reported_at))}</dd>
      </dl>
      ${row.text ? html`<p class="words">${row.text}</p>` : nothing}
      ${row.private ? html`<p class="soft small">${text("field.private")}</p>` : nothing}
      ${this.contact()}
      ${row.longitude === null ? nothing : html`<a class="button wide" href="#map/${row.id}">${icon("map")} ${text("field.on map")}</a>`}
      ${row.stuck ? banner(text("field.stuck.how"), "problem", html`<a class="button" href="#queue">${text("field.tab.queue")}</a>`) : nothing}
      ${aside.map((step) => html`<a class="button wide" href="#duty/${row.id}/${step}">${text(`field.step.${step}`)}</a>`)}
      ${main.length ? html`<div class="actions">${main.map((step, index) => this.button(row, step, index === 0))}</div>`
        : html`<p class="soft">${text("field.at desk")}</p>`}
    </section>`;
  }

  private button(row: Ahead, step: string, first: boolean) {
    return html`<button class="button big ${first ? "primary" : ""}" data-step=${step}
      @click=${() => (NEEDS_WORDS.has(step) ? go(`duty/${row.id}/${step}`) : void takeNow(row, step).then(() => toast(text("field.kept"))))}>
      ${text(`field.step.${step}`)}</button>`;
  }

  private contact() {
    if (!this.known) {
      return html`<button class="button wide" ?disabled=${this.asking} @click=${() => void this.who()}>${icon("person")} ${text("field.people")}</button>
        ${this.problem ? banner(this.problem) : nothing}`;
    }
    if (!this.known.length) return html`<p class="soft">${text("field.people.none")}</p>`;
    return html`<ul class="people">${this.known.map((one) => html`<li><span><strong>${one.name || text("field.people.nameless")}</strong>
      ${one.address ? html`<span class="soft">${one.address}</span>` : nothing}</span>
      ${one.phone ? html`<a class="button primary" href="tel:${one.phone}">${icon("phone")} ${one.phone}</a>` : nothing}</li>`)}</ul>
      <p class="soft small">${text("field.people.recorded")}</p>`;
  }
}

interface Draft {
  words: string;
  days: number;
}

/** The words and the photo of one step. What is typed is kept as it is typed: a killed app gives it back. */
export class StepView extends View {
  static override properties = { row: { attribute: false }, step: {} };
  declare row: Ahead;
  declare step: string;
  private words = "";
  private days = 1;
  private photo: Blob | undefined;
  private shown: string | undefined;
  private problem = "";
  private busy = false;
  private timer = 0;

  private get draftName(): string {
    return `${this.step}:${this.row.id}`;
  }

  override async firstUpdated(): Promise<void> {
    if (this.asksPhoto() && !(await phone.hasRoom())) this.problem = text("field.room");
    const kept = await phone.draft<Draft>(this.draftName);
    if (kept) [this.words, this.days] = [kept.words, kept.days];
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.shown) URL.revokeObjectURL(this.shown);
  }

  private asksPhoto(): boolean {
    return Boolean(this.row.photo_reason) && (this.step === "answer" || this.step === "verify" || this.step === "rework");
  }

  private typed(words: string): void {
    this.words = words;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void phone.keepDraft(this.draftName, { words, days: this.days }), 300);
    this.requestUpdate();
  }

  private async taken(file: File): Promise<void> {
    try {
      this.photo = await shrunk(file);
      if (this.shown) URL.revokeObjectURL(this.shown);
      this.shown = URL.createObjectURL(this.photo);
      this.problem = (await phone.hasRoom()) ? "" : text("field.room");
    } catch (error) {
      this.problem = text(error instanceof NotAPicture ? "field.photo.none" : "field.room");
    }
    this.requestUpdate();
  }

  private body(): Record<string, unknown> {
    const words = this.words.trim();
    return { answer: { text: words }, verify: { note: words }, rework: { reason: words }, extend: { days: this.days, reason: words } }[this.step] ?? {};
  }

  private async send(event: Event): Promise<void> {
    event.preventDefault();
    if (!this.words.trim() && this.step !== "verify") return void ((this.problem = text("field.words missing")), this.requestUpdate());
    if (this.step === "answer" && this.asksPhoto() && !this.photo) return void ((this.problem = text("field.photo.missing")), this.requestUpdate());
    this.busy = true;
    this.requestUpdate();
    clearTimeout(this.timer);
    try {
      const row = phone.rows.find((one) => one.id === this.row.id) ?? this.row;
      await phone.take(this.step, row, this.body(), `${text(`field.step.${this.step}`)} · ${row.title}`, this.photo ?? null);
      await phone.keepDraft(this.draftName, null);
      toast(text("field.kept"));
      go("");
    } catch (error) {
      await phone.keepDraft(this.draftName, { words: this.words, days: this.days }).catch(() => undefined);
      this.problem = error instanceof NoRoom ? text("field.room.none") : String(error);
    }
    this.busy = false;
    this.requestUpdate();
  }

  protected override render() {
    const label = text(`field.words.${this.step}`);
    return html`<form class="view form" @submit=${(event: Event) => void this.send(event)}>
      <p class="soft">${this.row.title}</p>
      <h2>${text(`field.step.${this.step}`)}</h2>
      ${this.step === "extend" ? html`<div class="days" role="group" aria-label=${text("field.days")}>
        <button type="button" class="button" aria-label=${text("field.days.less")} @click=${() => this.more(-1)}>−</button>
        <output>${text("field.days.n", { n: this.days })}</output>
        <button type="button" class="button" aria-label=${text("field.days.more")} @click=${() => this.more(1)}>+</button></div>` : nothing}
      <label>${label}<textarea rows="4" maxlength="500" .value=${this.words}
        @input=${(event: Event) => this.typed((event.target as HTMLTextAreaElement).value)}></textarea></label>
      ${this.asksPhoto() ? photoField(this.shown, this.row.photo_reason, (file) => void this.taken(file)) : nothing}
      ${this.problem ? banner(this.problem, "problem") : nothing}
      <div class="actions"><button class="button big primary" ?disabled=${this.busy}>${text("field.send")}</button></div>
    </form>`;
  }

  private more(by: number): void {
    this.days = Math.min(30, Math.max(1, this.days + by));
    this.typed(this.words);
  }
}
