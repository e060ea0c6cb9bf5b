/** The open incidents by their deadline: asked for once, then kept current by what is heard. */
import { type Line, rank, sorted } from "./lists";

export class Worst {
  private readonly known = new Map<string, Line>();
  private until = Infinity; // nothing is known of what is due later
  loaded = false;

  constructor(private readonly most: number) {}

  /** An answer of the server: at most `most` lines, soonest first. */
  take(lines: readonly Line[]): void {
    this.known.clear();
    for (const line of lines) this.known.set(line.key, line);
    this.cut(lines.length >= this.most);
    this.loaded = true;
  }

  /** One that is open. What was heard knows its unit best; of its place the server knew more. */
  put(line: Line): void {
    if (rank(line) > this.until) return void this.known.delete(line.key);
    this.known.set(line.key, { ...line, place: this.known.get(line.key)?.place || line.place });
    if (this.known.size > this.most * 2) this.cut(true);
  }

  drop(id: string): void {
    this.known.delete(id);
  }

  /** So many went that others, of which nothing is known here, are missing. */
  get short(): boolean {
    return this.until !== Infinity && this.known.size < this.most / 2;
  }

  lines(): Line[] {
    return sorted([...this.known.values()]).slice(0, this.most);
  }

  private cut(more: boolean): void {
    const kept = this.lines();
    const last = kept.at(-1);
    this.until = more && last ? rank(last) : Infinity;
    this.known.clear();
    for (const line of kept) this.known.set(line.key, line);
  }
}
