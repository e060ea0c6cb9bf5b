/** What the app's views are made of. */
import { LitElement, html, nothing, type TemplateResult } from "lit";
import { icon } from "../page";
import { level, remaining, type Level } from "../remaining";
import { text } from "../texts";
import { phone } from "./phone";
import type { Row } from "./told";

/** A view in the page's own tree, so that one style sheet serves all. It is drawn again whenever the phone changes. */
export class View extends LitElement {
  private readonly redraw = () => this.requestUpdate();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    phone.addEventListener("change", this.redraw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    phone.removeEventListener("change", this.redraw);
  }
}

export const go = (place: string): void => void (location.hash = place);

export function banner(words: string | TemplateResult, kind: "note" | "problem" = "note", action?: TemplateResult): TemplateResult {
  return html`<div class="banner" data-kind=${kind} role=${kind === "problem" ? "alert" : "status"}>
    ${icon(kind === "problem" ? "alert" : "info")}<p>${words}</p>${action ?? nothing}</div>`;
}

/** What the person owes about an incident: its own duty where there is one, else the incident's deadline. */
export function clockOf(row: Row): { due: number; warn: number | undefined; start: number | undefined; paused: boolean } | undefined {
  const duty = row.duties.find((one) => one.due_at) ?? row.duties[0];
  const due = duty?.due_at ?? row.due_at;
  if (!due) return undefined;
  const at = (value: string | null | undefined) => (value ? Date.parse(value) : undefined);
  return { due: Date.parse(due), warn: at(duty?.warn_at), start: at(duty?.starts_at), paused: duty?.state === "paused" };
}

export function levelOf(row: Row, now: number): Level {
  const clock = clockOf(row);
  return !clock || clock.paused ? "calm" : level(now, clock.due, clock.warn, clock.start);
}

export function clock(row: Row): TemplateResult {
  const found = clockOf(row);
  if (!found) return html`<span class="soft">${text("field.no deadline")}</span>`;
  if (found.paused) return html`<span class="clock" data-level="paused">${text("field.paused")}</span>`;
  const now = phone.now();
  return html`<time class="clock" datetime=${new Date(found.due).toISOString()} data-level=${levelOf(row, now)}>${remaining(now, found.due)}</time>`;
}

/** A button that takes a photo, and the photo with a way to take it anew. */
export function photoField(shown: string | undefined, reason: string, taken: (file: File) => void): TemplateResult {
  const change = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) taken(file);
    input.value = "";
  };
  return html`<div class="photo-field">
    ${shown ? html`<img src=${shown} alt=${text("field.photo.yours")} />` : nothing}
    <label class="button wide">${icon("camera")} ${text(shown ? "field.photo.again" : "field.photo.take")}
      <input class="visually-hidden" type="file" accept="image/*" capture="environment" @change=${change} /></label>
    <p class="soft small">${text("field.photo.why", { reason })}</p>
  </div>`;
}

export { html, nothing, icon, text, phone };
