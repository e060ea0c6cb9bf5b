/** What keeps the board current: the server's event stream, and while there is none, a question every few seconds
 * for what changed. Both go on by themselves after a break, from where they were. */
import { Failed, json } from "./data";
import type { Columns, Told } from "./rows";

export type State = "live" | "polling" | "lost";

export interface Heard {
  /** A whole answer of the map, to be taken. */
  columns(columns: Columns): void;
  incident(row: Told, position: number): void;
  /** `closed`: it was brought to its end; else it is out of sight for another reason. */
  gone(id: string, closed: boolean, position: number): void;
  duty(): void;
  /** Staff on duty: each post with its point. */
  here(points: [string, number, number][]): void;
  state(state: State): void;
  position(): number;
  /** The position of the journal up to which everything was heard. */
  reached(position: number): void;
}

const EVERY = 4_000;
const QUESTIONS = 8; // before the stream is tried again

export class Feed {
  private stopped = false;
  private questions = 0;
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly map: string,
    private readonly events: string,
    private readonly heard: Heard,
  ) {
    // A stream may not notice for minutes that the line is gone; the device does.
    addEventListener("offline", () => {
      this.heard.state("lost");
      if (this.source) this.ask();
    });
    addEventListener("online", () => {
      this.questions = 0;
    });
  }

  async start(): Promise<void> {
    clearTimeout(this.timer);
    if (await this.snapshot()) this.go();
  }

  stop(): void {
    this.stopped = true;
    this.source?.close();
    clearTimeout(this.timer);
  }

  private go(): void {
    if (this.stopped) return;
    if (this.events && this.questions <= 0) this.listen();
    else this.timer = setTimeout(() => void this.poll(), EVERY);
  }

  /** Everything anew; tries again until it has it. */
  private async snapshot(): Promise<boolean> {
    while (!this.stopped) {
      try {
        this.heard.columns(await json<Columns>(this.map));
        return true;
      } catch {
        this.heard.state("lost");
        await new Promise((done) => setTimeout(done, EVERY));
      }
    }
    return false;
  }

  private async poll(): Promise<void> {
    if (!document.hidden) {
      try {
        this.heard.columns(await json<Columns>(`${this.map}?after=${this.heard.position()}`));
        this.heard.state("polling");
      } catch (error) {
        this.heard.state("lost");
        // Signed out: the page says so, where a stale board would not.
        if (error instanceof Failed && (error.status === 401 || error.status === 403)) return location.reload();
      }
    }
    this.questions -= 1;
    this.go();
  }

  private listen(): void {
    const source = new EventSource(`${this.events}?after=${this.heard.position()}`);
    this.source = source;
    const on = (name: string, does: (data: unknown, position: number) => void) =>
      source.addEventListener(name, (event) => {
        const { data, lastEventId } = event as MessageEvent<string>;
        this.heard.state("live");
        if (lastEventId) this.heard.reached(Number(lastEventId));
        does(JSON.parse(data || "{}"), Number(lastEventId));
      });
    on("hello", () => undefined);
    on("incident", (data, position) => this.heard.incident(data as Told, position));
    on("gone", (data, position) => {
      const { id, closed } = data as { id: string; closed?: boolean };
      this.heard.gone(id, closed ?? false, position);
    });
    on("duty", () => this.heard.duty());
    on("here", (data) => this.heard.here(data as [string, number, number][]));
    on("reset", () => {
      source.close();
      void this.start();
    });
    source.addEventListener("error", () => {
      this.heard.state("lost");
      // The browser goes on by itself, but not after an answer that was no stream (too many boards of one session,
      // a server that is just starting): then questions do for a while.
      if (source.readyState === EventSource.CLOSED && !this.stopped) this.ask();
    });
  }

  private ask(): void {
    this.source?.close();
    this.source = undefined;
    this.questions = QUESTIONS;
    clearTimeout(this.timer);
    void this.poll();
  }
}
