/** The wall screen: no controls, large type; it rotates through its views, says when its data are stale, and is made
 * to run for a week: one map, one stream, lists of a few rows, and nothing that grows. */
import { html, LitElement, nothing } from "lit";
import { level, remaining } from "../remaining";
import { addTexts, text } from "../texts";
import { type BoardData, boardData, type Figure } from "./data";
import { BoardMap } from "./map";
import { LEVELS, Rows } from "./rows";
import { checked, SignedOut, WallFeed } from "./wall-feed";

interface View {
  kind: "area" | "township" | "worst" | "supervised" | "figures" | "scores";
  seconds: number;
  part: { id: number; name: string; level: number } | null;
}

interface Row {
  number: string;
  title: string;
  kind: string;
  place: string;
  unit: string;
  due_at: string | null;
  urgent: boolean;
  supervised: boolean;
}

interface Group {
  name: string;
  rows: { name: string; closed: number; on_time: number | null; place: number | null }[];
}

interface Beside {
  now: string;
  views: View[];
  figures: Figure[];
  worst: Row[];
  supervised: Row[];
  groups: Group[] | null;
}

interface WallData extends Omit<BoardData, "addresses"> {
  addresses: Record<"map" | "premises" | "points" | "events" | "wall" | "page" | "sign_in", string> & { areas: Record<string, string> };
  views: View[];
}

const STALE = 45_000; // milliseconds without a word from the server
const BESIDE = 15_000; // lists and figures are fetched so often
const GROUPS = 10 * 60_000; // and the scoreboard
const DRAWN = 1_000; // the map at most so often
const BACK = 60_000; // whether somebody has signed in again
const HOUR = 3_600_000;
const ROWS = 8;
const GROUPS_SHOWN = 3;

const zone = { timeZone: "Asia/Shanghai", hour12: false } as const;
const minutes = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const date = new Intl.DateTimeFormat("sv-SE", { timeZone: zone.timeZone });

export class Wall extends LitElement {
  private readonly data = boardData() as unknown as WallData;
  private readonly rows = new Rows();
  private ahead = Date.parse(document.body.dataset["now"] ?? "") - Date.now() || 0;
  private views: View[] = this.data.views;
  private at = 0;
  private since = Date.now();
  private figures: Figure[] = this.data.start.figures;
  private worst: Row[] = [];
  private supervised: Row[] = [];
  private groups: Group[] = [];
  private heardAt = Date.now();
  private freshAt = Date.now();
  private groupsAt = 0;
  private besideAt = 0;
  private asking = false;
  private out = false;
  private outAt = 0;
  private drawnAt = 0;
  private waiting = false;
  private newerAt = Date.now();
  private map: BoardMap | undefined;
  private feed: WallFeed | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override firstUpdated(): void {
    const place = this.querySelector<HTMLElement>(".wall-map");
    const ready = () => (this.dataset["ready"] = "");
    try {
      if (place) {
        this.map = new BoardMap(place, this.data as unknown as BoardData, { picked: () => undefined, thing: () => undefined, finer: () => undefined });
        this.enlarge();
        void this.map.start(Promise.resolve()).then(() => (this.show(), ready()), ready);
      }
    } catch {
      ready(); // no WebGL: the lists still turn
    }
    this.feed = new WallFeed(this.data.addresses.map, this.data.addresses.events, {
      columns: (columns) => (this.rows.take(columns), this.draw()),
      incident: (row) => (this.rows.put(row), this.draw()),
      gone: (id) => (this.rows.drop(id), this.draw()),
      alive: () => (this.heardAt = Date.now()),
      signedOut: () => this.leave(),
    });
    void this.feed.start();
    void this.beside();
    setInterval(() => this.tick(), 1_000);
    addEventListener("resize", () => this.enlarge());
    document.addEventListener("visibilitychange", () => void this.awake());
    void this.awake();
  }

  private get now(): number {
    return Date.now() + this.ahead;
  }

  private get view(): View {
    return this.views[this.at % this.views.length] ?? { kind: "area", seconds: 30, part: null };
  }

  /** The map is drawn on a quarter of the screen or less and shown as large as the rest. */
  private enlarge(): void {
    const by = Math.max(1, innerWidth / 960);
    this.style.setProperty("--magnified", String(by));
    this.map?.magnify(by);
    this.show();
  }

  /** Turns to the next view; also for tests. */
  next(): void {
    this.at = (this.at + 1) % this.views.length;
    this.since = Date.now();
    this.show();
    this.requestUpdate();
  }

  private show(): void {
    const { kind, part } = this.view;
    if (kind === "area" || kind === "township") void this.map?.frame(part ?? undefined);
  }

  private draw(): void {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.drawnAt = Date.now();
      this.map?.incidents(this.rows.features(this.now));
    }, Math.max(0, this.drawnAt + DRAWN - Date.now()));
  }

  private tick(): void {
    const now = Date.now();
    if (this.out) {
      if (now - this.outAt >= BACK) void this.back();
      return;
    }
    if (now - this.since >= this.view.seconds * 1_000) this.next();
    if (now - this.besideAt >= BESIDE) void this.beside();
    if (now - this.drawnAt >= 30_000) this.draw(); // urgency moves with time
    if (now - this.newerAt >= HOUR) void this.newer();
    this.requestUpdate();
  }

  private async beside(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    this.besideAt = Date.now();
    try {
      const groups = Date.now() - this.groupsAt >= GROUPS && this.views.some((view) => view.kind === "scores");
      const address = `${this.data.addresses.wall}${groups ? "?groups=true" : ""}`;
      const answer = await checked(await fetch(address, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(BESIDE) }));
      const found = (await answer.json()) as Beside;
      this.ahead = Date.parse(found.now) - Date.now();
      [this.figures, this.worst, this.supervised] = [found.figures, found.worst.slice(0, ROWS), found.supervised.slice(0, ROWS)];
      if (found.groups) {
        this.groups = found.groups.slice(0, GROUPS_SHOWN);
        this.groupsAt = Date.now();
      }
      if (JSON.stringify(found.views) !== JSON.stringify(this.views)) [this.views, this.at, this.since] = [found.views, 0, Date.now()];
      this.freshAt = Date.now();
    } catch (error) {
      if (error instanceof SignedOut) this.leave();
    } finally {
      this.asking = false;
    }
    this.requestUpdate();
  }

  private leave(): void {
    this.feed?.stop();
    this.out = true;
    this.outAt = Date.now();
    this.rows.clear();
    [this.figures, this.worst, this.supervised, this.groups] = [[], [], [], []];
    this.draw();
    this.requestUpdate();
  }

  /** Somebody has signed in again on this machine: begin anew. */
  private async back(): Promise<void> {
    this.outAt = Date.now();
    const answer = await fetch(this.data.addresses.wall, { headers: { "HX-Request": "true" } }).catch(() => undefined);
    if (answer?.ok && !answer.redirected) location.reload();
  }

  /** A newer build is taken up between three and five at night, when the server is there to give it. */
  private async newer(): Promise<void> {
    this.newerAt = Date.now();
    const hour = Number(minutes.format(this.now).slice(0, 2));
    if (hour < 3 || hour >= 5) return;
    const mine = document.getElementById("wall-script")?.getAttribute("src") ?? "";
    const answer = await fetch(this.data.addresses.page).catch(() => undefined);
    if (!answer?.ok || answer.redirected) return;
    const page = await answer.text();
    if (page.includes("wall-script") && !page.includes(mine)) location.reload();
  }

  private async awake(): Promise<void> {
    if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => undefined);
  }

  private get staleSince(): number | undefined {
    const heard = Math.min(this.heardAt, this.freshAt);
    return Date.now() - heard > STALE ? heard + this.ahead : undefined;
  }

  protected override render() {
    if (this.out) {
      return html`<div class="wall-out" role="alert"><h1>${text("wall.out")}</h1><p>${text("wall.out why")}</p>
        <p><a class="button" href=${this.data.addresses.sign_in}>${text("wall.sign in")}</a></p></div>${this.mapPlace(false)}`;
    }
    const { kind, part } = this.view;
    const mapped = kind === "area" || kind === "township";
    const stale = this.staleSince;
    const name = part?.name ?? this.data.start.me.area.name;
    return html`
      <header class="wall-head"><h1>${name}<span class="soft">${text(mapped ? "wall.area" : `wall.${kind}`)}</span></h1>
        <p class="wall-time"><span class="soft">${date.format(this.now)}</span> <time>${minutes.format(this.now)}</time></p></header>
      ${stale === undefined ? nothing : html`<p class="wall-stale" role="alert">${text("wall.stale", { time: `${date.format(stale)} ${seconds.format(stale)}` })}</p>`}
      ${kind === "figures" ? this.large() : html`<ul class="wall-figures">${this.figures.map((one) => html`<li><span class="label">${one.label}</span>
        <span class="value" data-level=${one.tone || nothing}>${one.value}</span></li>`)}</ul>`}
      ${this.mapPlace(mapped)}
      ${kind === "worst" ? this.list(this.worst) : kind === "supervised" ? this.list(this.supervised) : kind === "scores" ? this.scores() : nothing}
      ${this.views.length > 1 ? html`<p class="wall-turn soft" aria-hidden="true">${(this.at % this.views.length) + 1} / ${this.views.length}</p>` : nothing}`;
  }

  /** One map for all views, kept while others are shown. */
  private mapPlace(shown: boolean) {
    return html`<section class="wall-middle" ?data-hidden=${!shown} aria-label=${text("board.map")}><div class="wall-map"></div>
      <div class="wall-legend">${[...LEVELS].reverse().map((one) => html`<span class="urgency" data-level=${one}>${text(`board.${one}`)}</span>`)}</div></section>`;
  }

  private large() {
    return html`<ul class="wall-large">${this.figures.map((one) => html`<li><span class="value" data-level=${one.tone || nothing}>${one.value}</span>
      <span class="label">${one.label}</span></li>`)}</ul>`;
  }

  private list(rows: readonly Row[]) {
    if (!rows.length) return html`<p class="wall-none">${text("wall.none")}</p>`;
    return html`<ol class="wall-list">${rows.map((row) => html`<li>
      <span class="title">${row.title || text("wall.private")}</span>
      <span class="soft">${[row.place, row.unit].filter(Boolean).join(" · ")}</span>
      ${row.due_at === null ? html`<span class="soft">${text("board.no deadline")}</span>`
        : html`<time class="clock" data-level=${level(this.now, Date.parse(row.due_at))}>${remaining(this.now, Date.parse(row.due_at))}</time>`}
    </li>`)}</ol>`;
  }

  private scores() {
    if (!this.groups.length) return html`<p class="wall-none">${text("wall.none")}</p>`;
    return html`<div class="wall-groups">${this.groups.map((group) => html`<section><h2>${group.name}</h2><ol class="wall-list">
      ${group.rows.slice(0, Math.floor(ROWS / this.groups.length) + 1).map((row) => html`<li><span class="title">${row.name}</span>
        <span class="soft">${text("wall.closed", { n: row.closed })}</span>
        <span class="share">${row.on_time === null ? "—" : `${Math.round(row.on_time * 100)}%`}</span></li>`)}</ol></section>`)}</div>`;
  }
}

const given = boardData();
addTexts(given.texts);
customElements.define("qipan-wall", Wall);
