/** The patrol list, and a visit: every line of its checklist is in order unless it is said not to be. */
import { level, remaining } from "../remaining";
import { toast } from "../toasts";
import { metres } from "./ahead";
import { View, banner, go, html, icon, nothing, phone, text } from "./parts";
import type { Here } from "./place";
import type { Visit } from "./told";
import { distance, language } from "./words";

/** The visits that are still to be made: what is queued has been, as far as this phone knows. */
export function visitsLeft(): Visit[] {
  const made = new Set(phone.queue.filter((one) => one.secret?.command.step === "visit").map((one) => String(one.secret?.command.body["visit"])));
  return phone.patrol.visits.filter((one) => !made.has(one.id));
}

function due(visit: Visit) {
  const [now, at] = [phone.now(), Date.parse(visit.due_at)];
  return html`<time class="clock" datetime=${visit.due_at} data-level=${level(now, at, undefined, Date.parse(visit.opened_at))}>${remaining(now, at)}</time>`;
}

export function visitCards(here: Here | undefined) {
  const far = (one: Visit) => (here && one.longitude !== null && one.latitude !== null ? metres(here.point, [one.longitude, one.latitude]) : Infinity);
  const rows = here ? [...visitsLeft()].sort((a, b) => far(a) - far(b)) : visitsLeft();
  if (!rows.length) return html`<p class="empty">${icon("check")} ${text("field.patrol.none")}</p>`;
  return html`<ul class="cards">${rows.map((one) => html`<li class="card"><a href="#patrol/${one.id}">
    <span class="card-top">${due(one)}${here && far(one) < Infinity ? html`<span class="soft">${distance(far(one))}</span>` : nothing}</span>
    <strong class="card-title">${one.name}</strong><span class="soft">${one.place}</span></a></li>`)}</ul>`;
}

interface Found {
  text: string;
  settled: boolean;
}

interface Draft {
  found: Record<string, Found>;
  note: string;
}

export class VisitView extends View {
  static override properties = { visit: {} };
  declare visit: string;
  private draft: Draft = { found: {}, note: "" };
  private problem = "";
  private busy = false;
  private timer = 0;

  override async firstUpdated(): Promise<void> {
    this.draft = (await phone.draft<Draft>(`visit:${this.visit}`)) ?? this.draft;
    this.requestUpdate();
  }

  private change(change: Partial<Draft>): void {
    this.draft = { ...this.draft, ...change };
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void phone.keepDraft(`visit:${this.visit}`, this.draft), 300);
    this.requestUpdate();
  }

  private turn(item: string): void {
    const { [item]: was, ...others } = this.draft.found;
    this.change({ found: was ? others : { ...others, [item]: { text: "", settled: false } } });
  }

  private say(item: string, change: Partial<Found>): void {
    const was = this.draft.found[item];
    if (was) this.change({ found: { ...this.draft.found, [item]: { ...was, ...change } } });
  }

  private async send(event: Event, visit: Visit): Promise<void> {
    event.preventDefault();
    const found = Object.entries(this.draft.found);
    if (found.some(([, one]) => !one.text.trim())) return void ((this.problem = text("field.words missing")), this.requestUpdate());
    this.busy = true;
    this.requestUpdate();
    clearTimeout(this.timer);
    const findings = found.map(([item, one]) => ({ item, text: one.text.trim(), settled: one.settled }));
    const body = { visit: visit.id, findings, note: this.draft.note.trim() };
    try {
      await phone.take("visit", null, body, `${text("field.step.visit")} · ${visit.name}`);
      await phone.keepDraft(`visit:${visit.id}`, null);
      toast(text("field.kept"));
      go("patrol");
    } catch (error) {
      this.problem = String(error);
    }
    this.busy = false;
    this.requestUpdate();
  }

  protected override render() {
    const visit = phone.patrol.visits.find((one) => one.id === this.visit);
    const list = phone.patrol.checklists.find((one) => one.id === visit?.checklist);
    if (!visit || !list) return html`<section class="view"><p class="empty">${text("field.gone")}</p><a class="button wide" href="#patrol">${text("field.patrol")}</a></section>`;
    const wrong = Object.keys(this.draft.found).length;
    return html`<form class="view form" @submit=${(event: Event) => void this.send(event, visit)}>
      <p class="card-top">${due(visit)}</p>
      <h2>${visit.name}</h2>
      <p class="soft">${visit.place}</p>
      <p>${text("field.patrol.how")}</p>
      <ul class="checks">${list.items.map((item) => {
        const found = this.draft.found[item.id];
        const words = (language() === "en" && item.text_en) || item.text;
        return html`<li><span>${words}</span>
          <button type="button" class="button" aria-pressed=${Boolean(found)} @click=${() => this.turn(item.id)}>${found ? html`${icon("alert")} ${text("field.patrol.wrong")}` : html`${icon("check")} ${text("field.patrol.fine")}`}</button>
          ${found ? html`<label>${text("field.patrol.what")}<textarea rows="2" maxlength="500" .value=${found.text}
              @input=${(event: Event) => this.say(item.id, { text: (event.target as HTMLTextAreaElement).value })}></textarea></label>
            <label class="tick"><input type="checkbox" .checked=${found.settled} @change=${(event: Event) => this.say(item.id, { settled: (event.target as HTMLInputElement).checked })} /> ${text("field.patrol.settled")}</label>` : nothing}</li>`;
      })}</ul>
      <label>${text("field.words.verify")}<textarea rows="2" maxlength="500" .value=${this.draft.note}
        @input=${(event: Event) => this.change({ note: (event.target as HTMLTextAreaElement).value })}></textarea></label>
      ${this.problem ? banner(this.problem, "problem") : nothing}
      <div class="actions"><button class="button big primary" ?disabled=${this.busy}>${wrong ? text("field.patrol.send n", { n: wrong }) : text("field.patrol.send")}</button></div>
    </form>`;
  }
}
