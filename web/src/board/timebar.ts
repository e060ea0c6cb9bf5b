/** The bar along the bottom of the board: a past day is replayed from the journal, and back to now. */
import { html, LitElement, nothing, svg } from "lit";
import { text } from "../texts";
import { momentOf, withMoment } from "./address";
import { Failed, json } from "./data";
import { clock, type Day, dayOf, Replay } from "./replay";

const SPEEDS = [60, 300, 1200];
const STEP = 300; // seconds: an arrow key
const EVERY = 250; // milliseconds
const WHOLE = 86_400;

export class Timebar extends LitElement {
  /** Milliseconds since 1970, by the server's clock. */
  now: () => number = () => Date.now();
  address = "";
  /** The map is to be drawn anew. */
  moved: () => void = () => undefined;
  replay: Replay | undefined;
  private day = "";
  private playing = false;
  private speed = 300;
  private note = "";
  private asked = "";
  private timer: ReturnType<typeof setInterval> | undefined;
  private ticked = 0;
  private mark = "";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", (event) => this.key(event));
  }

  protected override firstUpdated(): void {
    const wanted = momentOf(location.search);
    if (wanted) void this.load(wanted.day, wanted.seconds);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  /** `at`: seconds from midnight, where it shall stand still. */
  private async load(day: string, at?: number): Promise<void> {
    const now = this.now();
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || day > dayOf(now)) return this.say(text("replay.no day"));
    this.day = this.asked = day;
    this.say(text("board.loading"));
    try {
      const found = await json<Day>(`${this.address}?day=${day}`);
      if (this.asked !== day) return;
      this.replay = new Replay(found);
      if (at === undefined) this.play(true);
      else this.go(at);
      this.told();
      this.say("");
      this.show();
      await this.updateComplete;
      if (at === undefined) this.querySelector<HTMLElement>(".timebar-track")?.focus();
    } catch (error) {
      if (error instanceof Failed && (error.status === 401 || error.status === 403)) return location.reload();
      if (this.asked === day) this.say(text(error instanceof Failed && error.status === 422 ? "replay.too much" : "replay.failed"));
    }
  }

  private say(note: string): void {
    this.note = note;
    this.requestUpdate();
  }

  private back(): void {
    this.asked = "";
    this.play(false);
    this.replay = undefined;
    this.told();
    this.say("");
    this.moved();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".timebar-begin")?.focus());
  }

  private play(on: boolean): void {
    clearInterval(this.timer);
    this.playing = on;
    this.ticked = performance.now();
    if (on) this.timer = setInterval(() => this.tick(), EVERY);
    if (!on) this.told();
    this.requestUpdate();
  }

  /** The address says which moment is shown. While it plays, only which day. */
  private told(): void {
    const at = this.replay && !this.playing ? clock(this.replay.at) : "";
    history.replaceState(history.state, "", withMoment(location.href, this.replay ? this.day : "", at));
  }

  private toggle(): void {
    if (!this.playing && this.replay && this.replay.at >= this.replay.length) this.go(0);
    this.play(!this.playing);
  }

  private tick(): void {
    const passed = Math.min(1_000, performance.now() - this.ticked) / 1000;
    this.ticked = performance.now();
    if (!this.replay) return;
    this.go(this.replay.at + passed * this.speed);
    if (this.replay.at >= this.replay.length) this.play(false);
  }

  private go(seconds: number): void {
    if (!this.replay) return;
    const changed = this.replay.go(seconds);
    if (changed || this.replay.rows.mark(this.replay.now) !== this.mark) this.show();
    if (!this.playing) this.told();
    this.requestUpdate();
  }

  private show(): void {
    if (this.replay) this.mark = this.replay.rows.mark(this.replay.now);
    this.moved();
  }

  private key(event: KeyboardEvent): void {
    const on = event.target instanceof HTMLElement ? event.target.localName : "";
    if (!this.replay || on === "input" || on === "select" || event.ctrlKey || event.metaKey || event.altKey) return;
    const { at, length } = this.replay;
    const to: Record<string, number> = {
      ArrowLeft: at - STEP, ArrowDown: at - STEP, ArrowRight: at + STEP, ArrowUp: at + STEP,
      PageDown: at - 3600, PageUp: at + 3600, Home: 0, End: length,
    };
    if (event.key === " " && on !== "button") this.toggle();
    else if (event.key in to) this.go(to[event.key] ?? at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private drag(event: PointerEvent): void {
    if (event.type === "pointerdown") {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    } else if (!event.buttons) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.go(((event.clientX - box.left) / box.width) * WHOLE);
  }

  /** The next 督办 after the moment that is shown; after the last one, the first. */
  private next(): void {
    const times = this.replay?.supervised ?? [];
    const to = times.find((one) => one > (this.replay?.at ?? 0)) ?? times[0];
    if (to !== undefined) this.go(to);
  }

  protected override render() {
    const replay = this.replay;
    return html`<div class="timebar" role="group" aria-label=${text("replay.bar")}>
      <label class="timebar-day"><span>${text("replay.day")}</span>
        <input type="date" .value=${this.day || dayOf(this.now(), -1)} max=${dayOf(this.now())} required
          @change=${(event: Event) => {
            this.day = (event.target as HTMLInputElement).value;
            if (this.replay) void this.load(this.day);
          }} /></label>
      ${replay ? this.controls(replay) : html`<button type="button" class="button small timebar-begin"
        @click=${() => void this.load(this.day || dayOf(this.now(), -1))}>${text("replay.begin")}</button>`}
      ${this.note ? html`<span class="timebar-note" role="status">${this.note}</span>` : nothing}
    </div>`;
  }

  private controls(replay: Replay) {
    const at = clock(replay.at);
    return html`
      <button type="button" class="bar-button" @click=${() => this.toggle()} title=${text(this.playing ? "replay.pause" : "replay.play")}
        aria-label=${text(this.playing ? "replay.pause" : "replay.play")}>
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${this.playing ? svg`<path d="M8 5v14M16 5v14"/>` : svg`<path d="M8 5l11 7-11 7z"/>`}</svg></button>
      <label class="timebar-speed"><span class="visually-hidden">${text("replay.speed")}</span>
        <select @change=${(event: Event) => ((this.speed = Number((event.target as HTMLSelectElement).value)), this.requestUpdate())}>
          ${SPEEDS.map((one) => html`<option value=${one} ?selected=${one === this.speed}>×${one}</option>`)}</select></label>
      <output class="timebar-at">${at}</output>
      <div class="timebar-track" role="slider" tabindex="0" aria-label=${text("replay.moment")} aria-valuemin="0"
        aria-valuemax=${replay.length} aria-valuenow=${Math.round(replay.at)} aria-valuetext=${at}
        @pointerdown=${(event: PointerEvent) => this.drag(event)} @pointermove=${(event: PointerEvent) => this.drag(event)}>
        ${this.track(replay)}<div class="timebar-hours" aria-hidden="true">${[0, 6, 12, 18].map((hour) => html`<span>${clock(hour * 3600)}</span>`)}</div></div>
      ${replay.supervised.length ? html`<button type="button" class="button small" @click=${() => this.next()}>
        ${text("replay.supervision", { n: replay.supervised.length })}</button>` : nothing}
      <button type="button" class="button small primary" @click=${() => this.back()}>${text("replay.now")}</button>`;
  }

  private track(replay: Replay) {
    const most = Math.max(1, ...replay.load);
    const x = (seconds: number) => (seconds / WHOLE) * 240;
    return html`<svg viewBox="0 0 240 30" preserveAspectRatio="none" role="img" aria-label=${text("replay.load")}>
      ${replay.load.map((count, hour) => svg`<rect class="load" x=${hour * 10 + 1} width="8" y=${30 - (count / most) * 24} height=${(count / most) * 24}><title>${clock(hour * 3600)}: ${count}</title></rect>`)}
      ${replay.length < WHOLE ? svg`<rect class="to-come" x=${x(replay.length)} width=${240 - x(replay.length)} y="0" height="30"/>` : nothing}
      ${replay.supervised.map((seconds) => svg`<path class="supervision" d=${`M${x(seconds)} 0v6`} vector-effect="non-scaling-stroke"/>`)}
      <path class="at" d=${`M${x(replay.at)} 0v30`} vector-effect="non-scaling-stroke"/></svg>`;
  }
}

customElements.define("qipan-timebar", Timebar);
