/** What I owe: by deadline, or the nearest first once the phone has looked where it is. */
import { ahead, metres, offers, sorted, type Ahead } from "./ahead";
import { View, banner, clock, go, html, icon, nothing, phone, text } from "./parts";
import { visitCards, visitsLeft } from "./patrol";
import { locate, type Here } from "./place";
import { distance, moment, statusName } from "./words";

/** The rows as they will stand, and what is still to be done with them. */
export function mine(): Ahead[] {
  const steps = phone.queue.map((one) => ({ step: one.secret?.command.step ?? "", about: one.secret?.command.about ?? null, state: one.state }));
  return phone.rows.map((row) => ahead(row, steps));
}

/** One tap for what needs no words: it is done at once. */
export async function takeNow(row: Ahead, step: string): Promise<void> {
  await phone.take(step, phone.rows.find((one) => one.id === row.id) ?? row, {}, `${text(`field.step.${step}`)} · ${row.title}`);
}

export const NEEDS_WORDS = new Set(["answer", "verify", "rework", "extend"]);

export class Duties extends View {
  static override properties = { patrol: { type: Boolean } };
  declare patrol: boolean;
  private here: Here | undefined;
  private looking = false;
  private problem = "";

  private async nearest(): Promise<void> {
    if (this.here) return void ((this.here = undefined), this.requestUpdate());
    [this.looking, this.problem] = [true, ""];
    this.requestUpdate();
    const found = await locate(() => undefined, 6_000);
    [this.looking, this.here] = [false, found];
    if (!found) this.problem = text("field.no position");
    this.requestUpdate();
  }

  private card(row: Ahead) {
    const { main } = offers(row);
    const first = main[0];
    const near = this.here && row.longitude !== null && row.latitude !== null ? distance(metres(this.here.point, [row.longitude, row.latitude])) : "";
    return html`<li class="card" data-stuck=${row.stuck || nothing}>
      <a href="#duty/${row.id}">
        <span class="card-top">${clock(row)}${near ? html`<span class="soft">${near}</span>` : nothing}
          ${row.urgent ? html`<strong class="mark">${text("field.urgent")}</strong>` : nothing}
          ${row.supervised ? html`<strong class="mark">${text("field.supervised")}</strong>` : nothing}</span>
        <strong class="card-title">${row.title}</strong>
        <span class="soft">${[row.place, row.address].filter(Boolean).join(" · ")}</span>
        <span class="card-foot">${statusName(row.status)}
          ${row.queued ? html`<span class="queued">${icon("upload")} ${text("field.queued")}</span>` : nothing}
          ${row.stuck ? html`<span class="queued">${icon("alert")} ${text("field.stuck")}</span>` : nothing}</span>
      </a>
      ${first ? html`<button class="button primary" @click=${() => (NEEDS_WORDS.has(first) ? go(`duty/${row.id}/${first}`) : void takeNow(row, first))}>${text(`field.step.${first}`)}</button>` : nothing}
    </li>`;
  }

  protected override render() {
    const rows = sorted(mine(), this.here?.point);
    const visits = visitsLeft().length;
    return html`<section class="view">
      ${visits || this.patrol ? html`<nav class="switch" aria-label=${text("field.tab.duties")}>
        <a href="#" aria-current=${this.patrol ? nothing : "page"}>${text("field.tab.duties")} ${rows.length}</a>
        <a href="#patrol" aria-current=${this.patrol ? "page" : nothing}>${text("field.patrol")} ${visits}</a></nav>` : nothing}
      <div class="tools">
        <button class="button" aria-pressed=${Boolean(this.here)} ?disabled=${this.looking} @click=${() => void this.nearest()}>
          ${icon("locate")} ${text(this.looking ? "field.locating" : "field.nearest")}</button>
        <button class="button" ?disabled=${phone.syncing} aria-label=${text("field.refresh")} @click=${() => void phone.sync()}>
          ${icon("swap")} ${phone.syncing ? text("field.syncing") : phone.toldAt ? moment(phone.toldAt) : text("field.refresh")}</button>
      </div>
      ${this.problem ? banner(this.problem) : nothing}
      ${this.patrol ? visitCards(this.here) : rows.length ? html`<ul class="cards">${rows.map((row) => this.card(row))}</ul>`
        : html`<p class="empty">${icon("check")} ${text(phone.toldAt ? "field.nothing" : "field.fetching")}</p>`}
    </section>`;
  }
}
