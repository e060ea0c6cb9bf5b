/** Reporting: what it is (the last used first), where it is (by itself, put right by moving the map), a line of words. */
import { toast } from "../toasts";
import { NotAPicture, shrunk } from "./camera";
import type { Cells } from "./cells";
import { View, banner, go, html, icon, nothing, phone, photoField, text } from "./parts";
import { locate, type Here } from "./place";
import { NoRoom } from "./queue";
import type { Category, Outlines } from "./told";
import { klassName, language } from "./words";

export interface Draft {
  category: string;
  words: string;
  urgent: boolean | null;
  point: [number, number] | null;
  replaces: string | null; // a step that the server refused and that this one stands for
}

const EMPTY: Draft = { category: "", words: "", urgent: null, point: null, replaces: null };
const KLASSES = ["hazard", "dispute", "help", "city", "facility"];

export const categoryName = (one: Category): string => (language() === "en" && one.name_en) || one.name;

export class Report extends View {
  private draft: Draft = { ...EMPTY };
  private outlines: Outlines | undefined;
  private here: Here | undefined;
  private looking = false;
  private corrected = false;
  private photo: Blob | undefined;
  private shown: string | undefined;
  private problem = "";
  private busy = false;
  private timer = 0;

  override async firstUpdated(): Promise<void> {
    void this.locate();
    const [kept, outlines] = await Promise.all([phone.draft<Draft>("report"), phone.outlines()]);
    this.outlines = outlines;
    if (kept) {
      this.draft = kept;
      this.corrected = kept.point !== null;
      const before = phone.queue.find((one) => one.id === kept.replaces);
      const photo = before && (await phone.photo(before));
      if (photo) this.showPhoto(photo);
    }
    this.requestUpdate();
    await this.updateComplete;
    this.put();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.shown) URL.revokeObjectURL(this.shown);
  }

  private get cells(): Cells | null {
    return this.querySelector<Cells>("field-cells");
  }

  /** The map shows what is meant: the corrected place, else where the phone is, else all cells. */
  private put(): void {
    const cells = this.cells;
    if (!cells) return;
    if (this.here) cells.here = this.here;
    if (this.corrected && this.draft.point) cells.go(this.draft.point, 0.6);
    else if (this.here) cells.go(this.here.point, 0.6);
  }

  private async locate(): Promise<void> {
    this.looking = true;
    this.corrected = false;
    this.draft.point = null;
    this.requestUpdate();
    await locate((here) => {
      this.here = here;
      if (!this.corrected) this.put();
      this.requestUpdate();
    });
    this.looking = false;
    this.requestUpdate();
  }

  private changed(change: Partial<Draft>): void {
    this.draft = { ...this.draft, ...change };
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void phone.keepDraft("report", this.draft), 300);
    this.requestUpdate();
  }

  private async pick(category: Category): Promise<void> {
    this.changed({ category: category.key, urgent: null });
    this.problem = category.photo_reason && !(await phone.hasRoom()) ? text("field.room") : "";
    await this.updateComplete;
    this.put();
    scrollTo(0, 0);
  }

  private moved(event: CustomEvent<[number, number]>): void {
    // Only a hand on the map corrects: the map also moves when a better position comes.
    if (!this.querySelector("field-cells:hover, field-cells:focus-within, field-cells:active")) return;
    this.corrected = true;
    this.changed({ point: [event.detail[0], event.detail[1]] });
  }

  private showPhoto(photo: Blob): void {
    if (this.shown) URL.revokeObjectURL(this.shown);
    [this.photo, this.shown] = [photo, URL.createObjectURL(photo)];
  }

  private async taken(file: File): Promise<void> {
    try {
      this.showPhoto(await shrunk(file));
      this.problem = (await phone.hasRoom()) ? "" : text("field.room");
    } catch (error) {
      this.problem = text(error instanceof NotAPicture ? "field.photo.none" : "field.room");
    }
    this.requestUpdate();
  }

  private async send(event: Event, category: Category): Promise<void> {
    event.preventDefault();
    const point = (this.corrected && this.draft.point) || this.here?.point || null;
    const words = this.draft.words.trim();
    if (!words) return void ((this.problem = text("field.words missing")), this.requestUpdate());
    if (!point) return void ((this.problem = text("field.place missing")), this.requestUpdate());
    this.busy = true;
    this.requestUpdate();
    clearTimeout(this.timer);
    const round = (value: number) => Math.round(value * 1e6) / 1e6;
    // A title is short; whoever writes more has it in the text.
    const [title, more] = words.length <= 60 ? [words, ""] : [`${words.slice(0, 59)}…`, words];
    const body = {
      category: category.key, title, text: more, longitude: round(point[0]), latitude: round(point[1]),
      urgent: this.draft.urgent,
    };
    try {
      await phone.take("report", null, body, `${text("field.step.report")} · ${words.slice(0, 60)}`, this.photo ?? null);
      const before = phone.queue.find((one) => one.id === this.draft.replaces);
      if (before) await phone.letGo(before);
      await phone.keepDraft("report", null);
      toast(text("field.kept"));
      go("");
    } catch (error) {
      await phone.keepDraft("report", this.draft).catch(() => undefined);
      this.problem = error instanceof NoRoom ? text("field.room.none") : String(error);
    }
    this.busy = false;
    this.requestUpdate();
  }

  protected override render() {
    const category = phone.categories.find((one) => one.key === this.draft.category);
    return category ? this.form(category) : this.list();
  }

  private list() {
    const recent = phone.recent.map((key) => phone.categories.find((one) => one.key === key)).filter((one) => one !== undefined);
    const klasses = [...new Set([...KLASSES, ...phone.categories.map((one) => one.klass)])];
    const group = (title: string, rows: readonly Category[]) => rows.length === 0 ? nothing : html`<h2 class="group">${title}</h2>
      <div class="picks">${rows.map((one) => html`<button type="button" class="pick" data-category=${one.key} @click=${() => void this.pick(one)}>${categoryName(one)}</button>`)}</div>`;
    return html`<section class="view">
      ${phone.categories.length ? nothing : html`<p class="empty">${text("field.fetching")}</p>`}
      ${group(text("field.recent"), recent)}
      ${klasses.map((klass) => group(klassName(klass), phone.categories.filter((one) => one.klass === klass)))}
    </section>`;
  }

  private form(category: Category) {
    const urgent = this.draft.urgent ?? category.urgent;
    return html`<form class="view form report" @submit=${(event: Event) => void this.send(event, category)}>
      <div class="chosen"><strong>${categoryName(category)}</strong>
        <button type="button" class="button" @click=${() => this.changed({ category: "" })}>${text("field.other")}</button></div>
      <div class="aim">
        <field-cells pin .outlines=${this.outlines} @moved=${(event: CustomEvent<[number, number]>) => this.moved(event)}></field-cells>
        <svg class="pin-mark" viewBox="0 0 24 32" aria-hidden="true"><path d="M12 31 C5 20 2 16 2 11 a10 10 0 0 1 20 0 C22 16 19 20 12 31Z"></path><circle cx="12" cy="11" r="3.5"></circle></svg>
        <button type="button" class="button square" aria-label=${text("field.here")} ?disabled=${this.looking} @click=${() => void this.locate()}>${icon("locate")}</button>
      </div>
      <p class="small ${this.here || this.corrected ? "" : "wanting"}" role="status">${this.where()}</p>
      <label>${text("field.words.report")}
        <textarea rows="2" maxlength="1000" .value=${this.draft.words}
          @input=${(event: Event) => this.changed({ words: (event.target as HTMLTextAreaElement).value })}></textarea></label>
      ${category.photo_reason ? photoField(this.shown, category.photo_reason, (file) => void this.taken(file)) : nothing}
      <label class="tick"><input type="checkbox" .checked=${urgent} @change=${(event: Event) => this.changed({ urgent: (event.target as HTMLInputElement).checked })} />
        ${text("field.is urgent")}</label>
      ${this.problem ? banner(this.problem, "problem") : nothing}
      <div class="actions"><button class="button big primary" ?disabled=${this.busy}>${text("field.send")}</button></div>
    </form>`;
  }

  private where(): string {
    if (this.corrected) return text("field.place.corrected");
    if (this.here) return text("field.place.found", { n: Math.max(1, Math.round(this.here.accuracy)) });
    return text(this.looking ? "field.locating" : "field.place.none");
  }
}
