/** A past day of the map (GET /api/v1/board/replay): what was open at its beginning, and every change until its end. */
import type { Figure } from "./data";
import { tally } from "./figures";
import { Rows } from "./rows";

type Shown = [
  id: string, status: string, longitude: number | null, latitude: number | null, klass: string, urgent: boolean,
  supervised: boolean, due_at: string | null,
];
export type Change = [seconds: number, ...rest: Shown];

export interface Day {
  from: string;
  to: string;
  start: Shown[];
  changes: Change[];
}

// The rest is on no map any more (incidents/rules/steps.py).
const OPEN = new Set(["reported", "awaiting", "filed", "dispatched", "signed", "handling", "answered", "verifying"]);

export class Replay {
  readonly rows = new Rows();
  readonly from: number;
  /** Seconds from midnight to the end of what is told. */
  readonly length: number;
  /** What came in, by hour of the day. */
  readonly load: number[] = Array.from({ length: 24 }, () => 0);
  /** When something was put under supervision. */
  readonly supervised: number[] = [];
  private done = 0;
  at = 0;

  constructor(private readonly day: Day) {
    this.from = Date.parse(day.from);
    this.length = Math.max(0, Math.round((Date.parse(day.to) - this.from) / 1000));
    const known = new Map(day.start.map((row) => [row[0], row[6]]));
    for (const [seconds, id, status, , , , , supervised] of day.changes) {
      const hour = Math.min(23, Math.floor(seconds / 3600));
      if (!known.has(id) && OPEN.has(status)) this.load[hour] = (this.load[hour] ?? 0) + 1;
      if (supervised && known.get(id) !== true && OPEN.has(status)) this.supervised.push(seconds);
      known.set(id, supervised);
    }
    this.begin();
  }

  /** The moment that is shown, in milliseconds since 1970. */
  get now(): number {
    return this.from + this.at * 1000;
  }

  /** Shows another moment of the day; true where something changed on the way. */
  go(seconds: number): boolean {
    const to = Math.min(this.length, Math.max(0, seconds));
    const back = to < this.at;
    if (back) this.begin();
    const before = this.done;
    this.at = to;
    for (;;) {
      const change = this.day.changes[this.done];
      if (!change || change[0] > to) break;
      const [, ...row] = change;
      this.put(row);
      this.done += 1;
    }
    return back || this.done > before;
  }

  private begin(): void {
    this.rows.clear();
    this.done = 0;
    this.at = 0;
    for (const row of this.day.start) this.put(row);
  }

  private put([id, status, longitude, latitude, klass, urgent, supervised, due_at]: Shown): void {
    if (OPEN.has(status)) this.rows.put({ id, status, longitude, latitude, klass, urgent, supervised, due_at });
    else this.rows.drop(id);
  }
}

/** "14:05" of seconds since midnight. */
export function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The day in China, as YYYY-MM-DD, so many days from a moment. */
export function dayOf(moment: number, days = 0): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(moment + days * 86_400_000);
}

/** The figures of the moment that is shown, as far as its day tells them; they lead to no list, which would be today's. */
export function figuresThen(now: readonly Figure[], replay: Replay): Figure[] {
  const then = tally(replay.rows, replay.now);
  return now.filter((one) => one.key in then).map((one) => {
    const value = then[one.key] ?? 0;
    return { ...one, value, link: "", tone: value && one.key === "overdue" ? "overdue" : value && one.key === "due_hour" ? "due" : "" };
  });
}
