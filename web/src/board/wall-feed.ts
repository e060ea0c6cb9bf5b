/** The feed of a wall screen, which runs for a week: it hears the server's pings too, so it knows when it is cut off;
 * it begins anew by itself, and says when the session has ended instead of leaving the page. */
import type { Columns, Told } from "./rows";

export interface Hearing {
  columns(columns: Columns): void;
  incident(row: Told): void;
  gone(id: string): void;
  /** Something came, be it only a ping. */
  alive(): void;
  signedOut(): void;
}

const AGAIN = 3_000; // milliseconds after a break, and a little more by chance
const RENEWED = 30 * 60_000; // a stream is not kept longer than this
const QUIET = 40_000; // pings come every 15 s: without any, the line is dead
const MOST = 1 << 20; // characters of one event

export class WallFeed {
  private stopped = false;
  private position = 0;
  private whole = true;
  private abort: AbortController | undefined;

  constructor(
    private readonly map: string,
    private readonly events: string,
    private readonly told: Hearing,
  ) {}

  async start(): Promise<void> {
    while (!this.stopped) {
      try {
        if (this.whole) await this.snapshot();
        await this.listen();
      } catch (error) {
        if (error instanceof SignedOut) {
          this.stopped = true;
          this.told.signedOut();
        }
      }
      if (!this.stopped) await new Promise((done) => setTimeout(done, AGAIN + Math.random() * 2_000));
    }
  }

  stop(): void {
    this.stopped = true;
    this.abort?.abort();
  }

  private async snapshot(): Promise<void> {
    const answer = await checked(await fetch(this.map, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(QUIET) }));
    const columns = (await answer.json()) as Columns;
    this.position = columns.position;
    this.whole = false;
    this.told.columns(columns);
    this.told.alive();
  }

  private async listen(): Promise<void> {
    const abort = (this.abort = new AbortController());
    const renewed = setTimeout(() => abort.abort(), RENEWED);
    let quiet = setTimeout(() => abort.abort(), QUIET);
    try {
      const headers = { Accept: "text/event-stream", "HX-Request": "true", "Last-Event-ID": String(this.position) };
      const answer = await checked(await fetch(this.events, { headers, signal: abort.signal, cache: "no-store" }));
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) break;
        clearTimeout(quiet);
        quiet = setTimeout(() => abort.abort(), QUIET);
        this.told.alive();
        const parts = (rest + value).split("\n\n");
        rest = parts.pop() ?? "";
        if (rest.length > MOST) throw new Error("an event without end");
        for (const part of parts) this.hear(part);
        if (this.whole) break;
      }
    } finally {
      clearTimeout(quiet);
      clearTimeout(renewed);
      abort.abort();
    }
  }

  private hear(event: string): void {
    const fields = new Map(event.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
    const name = fields.get("event");
    if (!name) return;
    const data = JSON.parse(fields.get("data") ?? "{}") as Told & { id: string };
    this.position = Number(fields.get("id") ?? this.position);
    if (name === "incident") this.told.incident(data);
    else if (name === "gone") this.told.gone(data.id);
    else if (name === "reset") this.whole = true;
  }
}

class SignedOut extends Error {}

/** Signed out is 401 or 403, or an answer from another page. */
async function checked(answer: Response): Promise<Response> {
  if (answer.status === 401 || answer.status === 403 || answer.redirected) throw new SignedOut();
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer;
}

export { checked, SignedOut };
