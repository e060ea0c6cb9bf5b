/** The figures along the top: as the server counted them, moved on by what was heard and by the time since then. So a
 * change shows at once and asks nothing of the server. */
import type { Figure } from "./data";
import type { Rows } from "./rows";

export type Tally = Record<string, number>;
const HOUR = 3_600_000;
const TONES: Record<string, string> = { due_hour: "due", overdue: "overdue" };

/** What is open among the known, by the rules of the lists behind the figures (incidents/queries/lists.py). */
export function tally(rows: Rows, now: number): Tally {
  const found = { open: 0, due_hour: 0, overdue: 0, supervised: 0 };
  for (const { due, supervised } of rows.open()) {
    found.open += 1;
    if (supervised) found.supervised += 1;
    if (due < now) found.overdue += 1;
    else if (due < now + HOUR) found.due_hour += 1;
  }
  return found;
}

export class Figures {
  private then: Tally | undefined;
  private closed = 0;

  constructor(
    private counted: Figure[],
    private position: number,
  ) {}

  /** `position`: what the server's counting knew of. */
  take(counted: Figure[], position: number, known: Tally): void {
    [this.counted, this.position, this.then, this.closed] = [counted, position, known, 0];
  }

  /** The rows are there: what comes is counted on from them. False where they may not be those that were counted. */
  begin(position: number, known: Tally): boolean {
    const first = this.then === undefined;
    this.then = known;
    return first && position === this.position;
  }

  /** Something was heard that moved the tally; what the server had counted already is not counted twice. */
  heard(position: number, before: Tally, after: Tally, closed: boolean): void {
    if (position > this.position) this.closed += Number(closed);
    else for (const key of Object.keys(after)) if (this.then) this.then[key] = (this.then[key] ?? 0) + (after[key] ?? 0) - (before[key] ?? 0);
  }

  shown(known: Tally): Figure[] {
    return this.counted.map((one) => {
      const moved = one.key === "closed_today" ? this.closed : this.then ? (known[one.key] ?? 0) - (this.then[one.key] ?? 0) : 0;
      const value = Math.max(0, one.value + moved);
      return { ...one, value, tone: value ? (TONES[one.key] ?? "") : "" };
    });
  }
}
