/** The field app: one element, five views along the bottom, and what has to be said whatever is shown. */
import { Cells } from "./cells";
import { Decide, Outbox, wantsPerson } from "./outbox";
import { DutyView, StepView } from "./duty";
import { Duties } from "./duties";
import { Entrance } from "./entrance";
import { MapView } from "./map-view";
import { MeView } from "./me";
import { View, banner, html, icon, nothing, phone, text } from "./parts";
import { AWAY_LONG } from "./phone";
import { VisitView } from "./patrol";
import { PinPad } from "./pin-pad";
import { keepCurrent } from "./renewal";
import { Report } from "./report";
import { EVERY, tellHere } from "./telling";
import { useLanguage } from "./words";

const TABS = [["", "list"], ["map", "map"], ["report", "plus"], ["queue", "upload"], ["me", "person"]] as const;

class Field extends View {
  private place: string[] = [];
  private stirred = Date.now();

  override connectedCallback(): void {
    super.connectedCallback();
    const moved = () => {
      this.place = location.hash.slice(1).split("/");
      this.requestUpdate();
      scrollTo(0, 0);
    };
    addEventListener("hashchange", moved);
    moved();
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => (this.stirred = Date.now()), { passive: true });
    // Away for five minutes, in a pocket or on a table: the phone locks itself.
    const away = () => Date.now() - this.stirred > AWAY_LONG && phone.lock();
    document.addEventListener("visibilitychange", away);
    setInterval(() => void tellHere(), EVERY);
    // Every view draws its clocks anew.
    setInterval(() => (away(), document.hidden || phone.dispatchEvent(new Event("change"))), 15_000);
  }

  protected override render() {
    if (phone.stage === "starting") return html`<p class="soft center">${text("field.starting")}</p>`;
    if (phone.stage !== "open") return html`<field-entrance></field-entrance>${this.notices()}`;
    const [tab = "", id = "", step = ""] = this.place;
    const here = tab === "duty" || tab === "patrol" ? "" : tab;
    const back = id ? (step ? `#duty/${id}` : tab === "queue" || tab === "patrol" ? `#${tab}` : "#") : "";
    return html`
      <header class="top">
        ${back ? html`<a class="square" href=${back} aria-label=${text("field.back")}>${icon("left")}</a>` : nothing}
        <h1>${text(`field.tab.${here || "duties"}`)}</h1>
        <span class="line" data-online=${phone.online !== false}>${text(phone.online === false ? "field.offline" : phone.onDuty ? "field.on duty" : "field.online")}</span>
        <button class="square" aria-label=${text("field.lock")} @click=${() => phone.lock()}>${icon("lock")}</button>
      </header>
      ${this.notices()}
      <main id="main" class=${tab === "map" ? "wide" : ""}>${this.view(tab, id, step)}</main>
      <nav class="tabs" aria-label=${text("field.tabs")}>
        ${TABS.map(([name, picture]) => html`<a href="#${name}" aria-current=${here === name ? "page" : nothing} class=${name === "report" ? "main" : ""}>
          ${icon(picture)}<span>${text(`field.tab.${name || "duties"}`)}</span>${name === "queue" ? this.count() : nothing}</a>`)}
      </nav>`;
  }

  private count() {
    const stuck = phone.queue.some(wantsPerson);
    return phone.unsent ? html`<b class="count" data-stuck=${stuck || nothing} aria-label=${text("field.unsent", { n: phone.unsent })}>${phone.unsent}</b>` : nothing;
  }

  private view(tab: string, id: string, step: string) {
    if (tab === "duty") return html`<field-duty .incident=${id} .step=${step}></field-duty>`;
    if (tab === "patrol") return id ? html`<field-visit .visit=${id}></field-visit>` : html`<field-duties .patrol=${true}></field-duties>`;
    if (tab === "map") return html`<field-map .picked=${id}></field-map>`;
    if (tab === "report") return html`<field-report></field-report>`;
    if (tab === "queue") return id ? html`<field-decide .item=${id}></field-decide>` : html`<field-outbox></field-outbox>`;
    if (tab === "me") return html`<field-me></field-me>`;
    return html`<field-duties .patrol=${false}></field-duties>`;
  }

  private notices() {
    const off = phone.clockOff;
    return html`
      ${phone.tooOld ? banner(text("field.too old"), "problem", html`<button class="button" @click=${() => location.reload()}>${text("field.renew")}</button>`) : nothing}
      ${off ? banner(text(off > 0 ? "field.clock.ahead" : "field.clock.behind", { n: Math.abs(off) })) : nothing}
      ${phone.trouble ? banner(phone.trouble, "problem") : nothing}`;
  }
}

/** A machine without Chinese letters (a test's, seldom a phone's) gets them; a phone loads nothing. */
function bringLetters(): void {
  const address = document.body.dataset["letters"];
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!pen || !address) return;
  const drawn = (letter: string) => {
    pen.clearRect(0, 0, 32, 32);
    pen.font = "24px sans-serif";
    pen.fillText(letter, 2, 26);
    return pen.getImageData(0, 0, 32, 32).data.join();
  };
  if (drawn("网") !== drawn("格")) return;
  const link = document.createElement("link");
  [link.rel, link.href] = ["stylesheet", address];
  document.head.append(link);
}

useLanguage();
for (const [name, element] of Object.entries({
  "field-app": Field, "field-entrance": Entrance, "field-pin": PinPad, "field-duties": Duties, "field-duty": DutyView,
  "field-step": StepView, "field-report": Report, "field-outbox": Outbox, "field-decide": Decide, "field-map": MapView,
  "field-cells": Cells, "field-me": MeView, "field-visit": VisitView,
})) customElements.define(name, element);
void phone.begin();
keepCurrent(phone);
bringLetters();
