/** Everything the board knows, kept current: what changed is patched from the event that told it; the server is asked
 * again only for what an event cannot say, and never by all boards at once. */
import { type BoardData, type Figure, get, json } from "./data";
import { Feed, type State } from "./feed";
import { Figures, tally } from "./figures";
import { type Duty, type Line, type Listed, ofDuty, ofIncident, sorted } from "./lists";
import { Rows, type Told } from "./rows";
import { Worst } from "./worst";

const MOST = 50; // as many as the address of the worst asks for
const SOON = 300; // milliseconds: the first of several changes
const APART = 2_000; // the next time earliest
const ANEW = 60_000; // the figures are counted by the server again, at the latest
const DRAWN = 250; // the map at most so often

export interface Changes {
  /** Something on the map changed. */
  drawn(): void;
  /** Something beside the map did. */
  changed(): void;
  /** The picked incident may read otherwise now. */
  touched(): void;
  /** Staff on duty are where it says. */
  here(points: [string, number, number][]): void;
  /** What lies around a point, for a line of the list. */
  around(longitude: number, latitude: number): string;
}

export class Current {
  readonly rows = new Rows();
  /** Once everything that the board begins with is there. */
  readonly loaded: Promise<unknown>;
  private begun: () => void = () => undefined;
  private readonly worstLines = new Worst(MOST);
  private readonly counted: Figures;
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly last = new Map<string, number>();
  picked = "";
  mine: Line[] | undefined;
  mineMore = 0;
  state: State = "polling";
  heardAt: number;

  constructor(
    private readonly data: BoardData,
    private readonly now: () => number,
    private readonly changes: Changes,
  ) {
    this.counted = new Figures(data.start.figures, data.start.position);
    this.heardAt = now();
    const rows = new Promise<void>((done) => (this.begun = done));
    this.loaded = Promise.all([rows, this.duties(), this.worstAgain()]);
  }

  get figures(): Figure[] {
    return this.counted.shown(tally(this.rows, this.now()));
  }

  get worst(): Line[] | undefined {
    return this.worstLines.loaded ? this.worstLines.lines() : undefined;
  }

  start(): void {
    const { map, events } = this.data.addresses;
    const feed = new Feed(map, events, {
      columns: (columns) => {
        const changed = this.rows.take(columns);
        if (columns.whole && !this.counted.begin(columns.position, tally(this.rows, this.now()))) this.countSoon();
        if (columns.whole) this.changes.drawn();
        else if (changed) this.soon("map", () => this.changes.drawn(), 0, DRAWN);
        // Questions tell neither titles nor what else was counted.
        if (changed && !columns.whole) this.refresh();
        if (columns.whole) this.begun();
        this.current();
      },
      incident: (row, position) => this.heard(row.id, row, false, position),
      gone: (id, closed, position) => this.heard(id, undefined, closed, position),
      here: (points) => this.changes.here(points),
      duty: () => this.soon("duties", () => this.duties()),
      state: (state) => this.hear(state),
      position: () => this.rows.position,
      reached: (position) => (this.rows.position = position),
    });
    void feed.start();
    this.later();
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.soon("figures", () => this.count(), SOON + Math.random() * APART);
    });
  }

  /** Fetches everything beside the map, as after the viewer's own step while there is no stream. */
  refresh(): void {
    this.soon("duties", () => this.duties());
    this.soon("worst", () => this.worstAgain());
    this.soon("figures", () => this.count());
  }

  /** After the viewer's own step: with a stream it tells itself. */
  stepped(): void {
    if (this.state !== "live") this.refresh();
  }

  private heard(id: string, row: Told | undefined, closed: boolean, position: number): void {
    const before = tally(this.rows, this.now());
    const known = this.rows.knows(id);
    if (row) this.rows.put(row);
    else this.rows.drop(id);
    this.counted.heard(position, before, tally(this.rows, this.now()), closed);
    // One without a point that was open before this board began was counted then, and not by name.
    if (!known && (!row || row.longitude === null)) this.countSoon();
    if (row) this.worstLines.put(this.line(row));
    else this.worstLines.drop(id);
    if (this.worstLines.short) this.soon("worst", () => this.worstAgain(), SOON + Math.random() * APART);
    this.soon("map", () => this.changes.drawn(), 0, DRAWN);
    this.soon("beside", () => this.changes.changed(), 0, DRAWN);
    if (id === this.picked) this.touched();
    this.current();
  }

  private touched(): void {
    if (this.picked) this.soon("picked", () => this.changes.touched(), 0);
  }

  private line(row: Told): Line {
    const place = row.longitude === null || row.latitude === null ? "" : this.changes.around(row.longitude, row.latitude);
    return ofIncident({ ...row, township: place || null, village: null });
  }

  /** Does it once after `wait`, however often it is asked for, and not again before `apart` has passed. */
  private soon(name: string, does: () => unknown, wait = SOON, apart = APART): void {
    if (this.waiting.has(name)) return;
    const rest = (this.last.get(name) ?? 0) + apart - Date.now();
    this.waiting.set(name, setTimeout(() => {
      this.waiting.delete(name);
      this.last.set(name, Date.now());
      void does();
    }, Math.max(wait, rest)));
  }

  private countSoon(): void {
    this.soon("figures", () => this.count(), 1_000 + Math.random() * 5_000);
  }

  private later(): void {
    setTimeout(() => {
      if (!document.hidden) void this.count();
      this.later();
    }, ANEW * (0.75 + Math.random() / 2));
  }

  private async count(): Promise<void> {
    const answer = await get(this.data.addresses.figures).catch(() => undefined);
    if (!answer) return;
    const found = (await answer.json()) as Figure[];
    this.counted.take(found, Number(answer.headers.get("Journal-Position")), tally(this.rows, this.now()));
    this.changes.changed();
  }

  private async duties(): Promise<void> {
    const found = await json<{ rows: Duty[]; more: number }>(this.data.addresses.duties).catch(() => undefined);
    if (!found) return;
    this.mine = sorted(found.rows.map(ofDuty));
    this.mineMore = found.more;
    this.changes.changed();
    this.touched();
  }

  private async worstAgain(): Promise<void> {
    const found = await json<{ rows: Listed[] }>(this.data.addresses.worst).catch(() => undefined);
    if (!found) return;
    this.worstLines.take(found.rows.map(ofIncident));
    this.changes.changed();
  }

  private current(): void {
    this.heardAt = this.now();
    if (this.state === "polling") this.changes.changed();
  }

  private hear(state: State): void {
    if (state !== "lost") this.heardAt = this.now();
    // What the stream does not make good: what was counted, and duties that only time moved.
    if (this.state === "lost" && state !== "lost") this.refresh();
    if (this.state === state && state === "live") return;
    this.state = state;
    this.changes.changed();
  }
}
