/** The board: figures along the top, what needs me, the map, the incident that was picked. */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { icon } from "../page";
import { addTexts, text } from "../texts";
import { incidentOf, withIncident } from "./address";
import { Current } from "./current";
import { type BoardData, boardData, Failed, get } from "./data";
import { BoardFind, type Found } from "./find";
import { type Line, lines, openedOn } from "./lists";
import { BoardMap, type Thing } from "./map";
import type { Place } from "./outlines";
import { dayOf, figuresThen } from "./replay";
import { LEVELS } from "./rows";
import { openStep } from "./steps";
import "./timebar";
import type { Timebar } from "./timebar";

const ahead = Date.parse(document.body.dataset["now"] ?? "") - Date.now() || 0;
const now = () => Date.now() + ahead;
const time = (at: number) =>
  new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(at);

export class Board extends LitElement {
  private readonly data: BoardData = boardData();
  private readonly known = new Current(this.data, now, {
    drawn: () => this.draw(),
    changed: () => this.requestUpdate(),
    touched: () => void this.show(false, true),
    here: (points) => void this.map?.staff?.heard(points),
    around: (longitude, latitude) => this.map?.around([longitude, latitude]) ?? "",
  });
  private tab: "mine" | "worst" | undefined;
  private picked = incidentOf(location.search);
  private thing: Thing | undefined; // picked, and no incident
  private place: Place | undefined;
  private at: [number, number] | undefined;
  private layersOpen = false;
  private map: BoardMap | undefined;
  private broken = false;
  private mark = "";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    this.known.start(); // what it asks for comes while the map is made
    this.startMap();
    this.startFind();
    if (this.picked) void this.show(false);
    setInterval(() => this.tick(), 10_000);
    addEventListener("popstate", () => {
      this.picked = incidentOf(location.search);
      void this.show(true);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement || document.querySelector("dialog[open], :popover-open");
      if (event.key === "Escape" && !typing && (this.picked || this.thing)) this.leave();
    });
  }

  private startMap(): void {
    const place = this.querySelector<HTMLElement>(".board-map");
    if (!place) return;
    try {
      const events = {
        picked: (id: string) => this.pick(id),
        thing: (thing: Thing) => this.showThing(thing),
        finer: () => this.outline(false, this.at),
      };
      this.map = new BoardMap(place, this.data, events);
      this.draw();
      void this.map.start(this.known.loaded).then(() => {
        if (this.picked) this.outline(false);
        this.requestUpdate();
        performance.mark("board-ready");
        this.dataset["ready"] = "";
        // Nobody selects before the map is there.
        void import("./measure").then(({ measuring }) => this.map && measuring(this, this.map.ground));
        void import("./select").then(({ selecting }) => this.map && selecting(this, this.map.ground, this.known.rows, now));
      });
    } catch {
      // No WebGL: everything else still works.
      this.broken = true;
    }
    this.requestUpdate();
  }

  private startFind(): void {
    const find = new BoardFind();
    find.address = this.data.addresses.find;
    find.chosen = (found) => this.found(found);
    document.getElementById("board-find")?.append(find);
  }

  private found(found: Found): void {
    if (found.kind === "incident") return this.pick(found.id, true);
    if (found.kind === "area" && this.map) return void this.map.area(Number(found.id), found.link);
    if (found.longitude === null || found.latitude === null) return location.assign(found.link);
    this.map?.go(found.longitude, found.latitude, 15.5);
    this.showThing({ ...found, longitude: found.longitude, latitude: found.latitude });
  }

  private showThing(thing: Thing): void {
    if (this.picked) this.pick("");
    this.thing = thing;
    this.place = this.map?.point(thing.longitude, thing.latitude);
    this.requestUpdate();
  }

  private leave(): void {
    this.thing = undefined;
    this.pick("");
  }

  private draw(): void {
    this.mark = this.known.rows.mark(now());
    const past = this.past;
    this.map?.incidents(past ? past.rows.features(past.now) : this.known.rows.features(now()));
  }

  /** The past day that is shown instead of now; what is heard meanwhile is known, and drawn on return. */
  private get past() {
    return this.querySelector<Timebar>("qipan-timebar")?.replay;
  }

  private moved(): void {
    this.toggleAttribute("data-replaying", this.past !== undefined);
    this.draw();
    this.requestUpdate();
  }

  private tick(): void {
    if (!this.past && this.mark !== this.known.rows.mark(now())) this.draw();
    this.requestUpdate();
  }

  private pick(id: string, go = false): void {
    this.picked = id;
    if (id) this.thing = undefined;
    history.pushState(null, "", withIncident(location.href, id));
    void this.show(go);
  }

  /** `at`: where the picked incident lies, as its own page says; it may be open no more. */
  private outline(go: boolean, at?: [number, number]): void {
    this.at = at;
    const row = (this.past ?? this.known).rows.get(this.picked);
    const point = row ?? (at ? { longitude: at[0], latitude: at[1] } : undefined);
    if (this.thing || (!this.picked && !this.place)) return;
    this.place = this.map?.pick(this.picked ? point : undefined, go);
    this.requestUpdate();
  }

  /** Brings the picked incident's side of the board. `quiet`: it is there already and may have changed. */
  private async show(go: boolean, quiet = false): Promise<void> {
    const place = this.querySelector<HTMLElement>(".board-picked");
    const id = (this.known.picked = this.picked);
    if (!place) return;
    this.outline(go);
    this.requestUpdate();
    if (!id) return void place.replaceChildren();
    if (!quiet) place.replaceChildren(text("board.loading"));
    try {
      const page = await (await get(`${this.data.addresses.incident}${id}/`)).text();
      if (id !== this.picked) return;
      const part = new DOMParser().parseFromString(page, "text/html").querySelector<HTMLElement>(".picked");
      if (!part) return location.reload(); // signed out: the page says so
      place.replaceChildren(document.importNode(part, true));
      const at = part.dataset["at"]?.split(",").map(Number);
      if (at?.length === 2) this.outline(go && !this.known.rows.get(id), [at[0] ?? 0, at[1] ?? 0]);
    } catch (error) {
      if (id === this.picked && error instanceof Failed && error.status === 404) place.replaceChildren(text("board.away"));
      else if (id === this.picked && !quiet) place.replaceChildren(text("board.unreachable"));
    }
    this.requestUpdate();
  }

  private line(line: Line, event: MouseEvent): void {
    if (!line.incident || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.pick(line.incident, true);
  }

  private step(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-step]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (!this.past) void openStep(link, () => (this.known.stepped(), void this.show(false, true)));
  }

  protected override updated(): void {
    const state = document.getElementById("board-state");
    const { state: now, heardAt } = this.known;
    const words = now === "live" ? text("board.live") : text("board.polling", { time: time(heardAt) });
    if (state) {
      state.dataset["state"] = now;
      state.textContent = now === "lost" ? "" : words;
    }
  }

  protected override render() {
    const { mine, worst, state, heardAt } = this.known;
    const past = this.past;
    const figures = past ? figuresThen(this.known.figures, past) : this.known.figures;
    if (mine) this.tab ??= openedOn(mine, now());
    const tab = this.tab ?? "mine";
    const rows = tab === "worst" ? worst : mine;
    return html`
      ${state === "lost" ? html`<p class="board-lost" role="alert">${text("board.lost", { time: time(heardAt) })}</p>` : nothing}
      <ul class="board-figures">
        ${figures.map(
          (one) => html`<li><a href=${one.link || nothing}><span class="label">${one.label}</span>
            <span class="value" data-level=${one.tone || nothing}>${one.value}</span></a></li>`,
        )}
      </ul>
      <section class="board-left" aria-label=${text("board.needs me")}>
        ${past ? html`<p class="replay-note soft">${text("replay.lists")}</p>` : nothing}
        <div class="board-tabs" role="group" aria-label=${text("board.needs me")}>
          ${(["mine", "worst"] as const).map(
            (name) => html`<button type="button" aria-pressed=${tab === name}
              @click=${() => ((this.tab = name), this.requestUpdate())}>
              ${text(name === "mine" ? "board.needs me" : "board.worst")}
              ${name === "mine" && mine ? html`<span class="count">${mine.length + this.known.mineMore}</span>` : nothing}
            </button>`,
          )}
        </div>
        <div class="board-scroll" tabindex="0">
          ${rows === undefined ? html`<p class="soft">${text("board.loading")}</p>`
            : rows.length ? lines(rows, now(), this.picked, (line, event) => this.line(line, event))
            : html`<p class="soft">${text("board.nothing")}</p>`}
        </div>
        <p class="board-foot"><a href=${tab === "worst" ? `${this.data.addresses.list}?state=open&sort=due` : this.data.addresses.work}>
          ${text(tab === "worst" ? "board.all open" : "board.all work")}</a></p>
      </section>
      <section class="board-middle" aria-label=${text("board.map")}>
        <div class="board-map"></div>
        ${past ? html`<p class="replay-banner" role="status">${text("replay.banner", { day: dayOf(past.from) })}</p>` : nothing}
        <qipan-selection ?hidden=${past !== undefined} @picked=${(event: CustomEvent<string>) => this.pick(event.detail, true)}></qipan-selection>
        <qipan-measure></qipan-measure>
        ${this.broken ? html`<p class="note board-broken">${text("board.no map")}</p>` : nothing}
        <div class="board-controls">
          ${this.control("plus", "board.closer", () => this.map?.zoom(1))}
          ${this.control("minus", "board.farther", () => this.map?.zoom(-1))}
          ${this.control("locate", "board.whole", () => this.map?.fit())}
          ${this.control("map", "board.layers", () => ((this.layersOpen = !this.layersOpen), this.requestUpdate()), this.layersOpen)}
        </div>
        ${this.layersOpen ? this.layers() : nothing}
        <div class="board-north" role="img" aria-label=${text("board.north")}><svg viewBox="0 0 20 28" aria-hidden="true"><path d="M10 1 16 20 10 16 4 20Z"></path><text x="10" y="27">N</text></svg></div>
        <div class="board-legend" aria-label=${text("board.legend")} role="group">
          ${[...LEVELS].reverse().map((one) => html`<span class="urgency" data-level=${one}>${text(`board.${one}`)}</span>`)}
          <span class="ring">${text("board.supervised")}</span><span class="many">${text("board.cluster")}</span>
          ${(["premises", "points"] as const).map((name) => (this.map?.layers.shown[name] ? html`<span class=${name}>${text(`board.layer.${name}`)}</span>` : nothing))}
        </div>
      </section>
      <aside class="board-right" aria-label=${text("board.picked")}>
        <div class="board-right-head"><h2>${text("board.picked")}</h2>
          ${this.picked || this.thing ? this.control("close", "board.close", () => this.leave()) : nothing}</div>
        ${this.thing ? this.summary(this.thing) : nothing}
        ${(this.picked || this.thing) && this.place ? html`<p class="board-place"><strong>${this.place.name}</strong>
          ${this.place.beside.length ? html`<span class="soft">${text("board.neighbours", { names: this.place.beside.join("、") })}</span>` : nothing}</p>` : nothing}
        ${this.picked || this.thing ? nothing : html`<p class="soft">${text("board.pick")}</p>`}
        ${past && this.picked ? html`<p class="replay-note soft">${text("replay.picked")}</p>` : nothing}
        <div class="board-picked" aria-live="polite" @click=${(event: MouseEvent) => this.step(event)}></div>
      </aside>
      <qipan-timebar .address=${this.data.addresses.replay} .now=${now} .moved=${() => this.moved()}></qipan-timebar>`;
  }

  private summary(thing: Thing) {
    return html`<div class="board-thing"><h3>${thing.label}</h3>
      ${thing.detail ? html`<p class="soft">${thing.detail}</p>` : nothing}
      ${thing.link ? html`<p><a class="button small" href=${thing.link}>${text("board.open page")}</a></p>` : nothing}</div>`;
  }

  private control(name: string, words: string, does: () => void, pressed?: boolean) {
    return html`<button type="button" class="bar-button" title=${text(words)} aria-label=${text(words)}
      aria-pressed=${pressed ?? nothing} @click=${does}>${icon(name)}</button>`;
  }

  private layers() {
    const shown = this.map?.layers.shown ?? {};
    return html`<fieldset class="board-layers"><legend>${text("board.layers")}</legend>
      ${Object.keys(shown).map(
        (name) => html`<label><input type="checkbox" .checked=${shown[name] ?? false}
          @change=${() => (this.map?.switch(name), this.requestUpdate())} />${text(`board.layer.${name}`)}</label>`,
      )}</fieldset>`;
  }
}

addTexts(boardData().texts);
customElements.define("qipan-board", Board);
