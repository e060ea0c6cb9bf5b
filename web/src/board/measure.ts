/** Measuring on the map: the length of a line point by point, and the area of one that is closed. */
import { html, LitElement, nothing, svg } from "lit";
import type { Position } from "../outline";
import { icon } from "../page";
import { text } from "../texts";
import type { Ground, Pixel, Taker } from "./ground";
import { along, areaIn, lengthIn, mu, squareMetres } from "./measures";

const NEAR = 8; // pixels
const AFTER = 400; // milliseconds: the second click of a double click begins nothing new
const number = (value: number, digits: number) =>
  new Intl.NumberFormat(document.documentElement.lang || "zh-Hans", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

export function lengthText(metres: number): string {
  const { unit, value, digits } = lengthIn(metres);
  return text(`measure.${unit}`, { n: number(value, digits) });
}

export function areaText(points: readonly Position[]): string {
  const size = squareMetres(points);
  const { unit, value, digits } = areaIn(size);
  const around = along([...points, points[0] as Position]).at(-1) ?? 0;
  const inMu = text("measure.mu", { n: number(mu(size), mu(size) < 100 ? 1 : 0) });
  return text("measure.area", { area: text(`measure.${unit}`, { n: number(value, digits) }), mu: inMu, length: lengthText(around) });
}

export class Measure extends LitElement implements Taker {
  private ground: Ground | undefined;
  private points: Position[] = [];
  private pointer: Position | undefined;
  private active = false;
  private closed = false;
  private ended = false;
  private byKeys = false; // the map moves below a cross in its middle
  private endedAt = 0;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  begin(ground: Ground): void {
    this.ground = ground;
    ground.onMove(() => {
      if (this.active && this.byKeys) this.moved(ground.middle, true);
      if (this.active) this.requestUpdate();
    });
    document.addEventListener("keydown", (event) => this.key(event), { capture: true });
    document.addEventListener("board-tool", (event) => this.active && (event as CustomEvent<string>).detail !== "measure" && this.leave());
    this.requestUpdate();
  }

  private key(event: KeyboardEvent): void {
    const { target } = event;
    const typing = target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], :popover-open")) return;
    const onButton = target instanceof HTMLElement && target.matches("button, a, summary");
    if (event.key === "m") this.toggle(true);
    else if (event.key === " " && this.active && this.byKeys && !onButton && this.ground) this.clicked(this.ground.middle);
    else if (event.key === "Escape" && this.active) this.leave();
    else if (event.key === "Enter" && this.active && !this.ended && this.points.length > 1) this.finish(false);
    else if (event.key === "Backspace" && this.active && !this.ended && this.points.length) this.points = this.points.slice(0, -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.requestUpdate();
  }

  private toggle(byKeys = false): void {
    if (this.active) return this.leave();
    document.dispatchEvent(new CustomEvent("board-tool", { detail: "measure" }));
    this.active = true;
    this.anew();
    this.byKeys = byKeys;
    this.ground?.take(this);
    if (byKeys) this.ground?.focus();
    this.requestUpdate();
  }

  private leave(): void {
    this.active = false;
    this.anew();
    this.ground?.take(undefined);
    this.requestUpdate();
  }

  private anew(): void {
    this.points = [];
    this.pointer = undefined;
    this.closed = this.ended = false;
  }

  private near(point: Position | undefined, at: Pixel): boolean {
    const there = point && this.ground?.project(point);
    return there !== undefined && Math.hypot(there.x - at.x, there.y - at.y) <= NEAR;
  }

  clicked(at: Pixel): void {
    if (this.ended) {
      if (performance.now() - this.endedAt < AFTER) return;
      this.anew();
    }
    if (this.points.length > 2 && this.near(this.points[0], at)) return this.finish(true);
    const point = this.ground?.unproject(at);
    if (point && !this.near(this.points.at(-1), at)) this.points = [...this.points, point]; // a double click is one point
    this.requestUpdate();
  }

  moved(at: Pixel, byKeys = false): void {
    if (this.byKeys !== byKeys) this.requestUpdate();
    this.byKeys = byKeys;
    if (this.ended || !this.points.length) return;
    this.pointer = this.ground?.unproject(at);
    this.requestUpdate();
  }

  doubled(): void {
    if (!this.ended && this.points.length > 1) this.finish(false);
  }

  private finish(closed: boolean): void {
    this.closed = closed;
    this.ended = true;
    this.endedAt = performance.now();
    this.pointer = undefined;
    this.requestUpdate();
  }

  protected override render() {
    if (!this.ground) return nothing;
    return html`${this.active ? this.line() : nothing}
      <button type="button" class="bar-button measure-begin" title=${text("measure.begin")} aria-label=${text("measure.begin")}
        aria-pressed=${this.active} @click=${() => this.toggle()}>${icon("ruler")}</button>
      <p class="select-how" role="status">${this.active
          ? html`${this.found()}
              <button type="button" class="button small quiet" @click=${() => this.leave()}>${text("measure.leave")}</button>`
          : nothing}</p>`;
  }

  private found(): string {
    if (this.closed) return areaText(this.points);
    if (this.ended) return text("measure.length", { length: lengthText(along(this.points).at(-1) ?? 0) });
    return text("measure.how");
  }

  private line() {
    const all = this.pointer ? [...this.points, this.pointer] : this.points;
    const pixels = all.map((one) => this.ground?.project(one) ?? { x: 0, y: 0 });
    const lengths = along(all);
    const path = pixels.map(({ x, y }) => `${x},${y}`).join(" ");
    const cross = this.byKeys && !this.ended ? this.ground?.middle : undefined;
    return html`<svg class="measure-ground" aria-hidden="true">
      ${cross ? svg`<path class="cross" d=${`M${cross.x - 14} ${cross.y}h28M${cross.x} ${cross.y - 14}v28`}></path>` : nothing}
      ${this.closed ? svg`<polygon points=${path}></polygon>` : svg`<polyline points=${path}></polyline>`}
      ${pixels.slice(0, this.points.length).map(({ x, y }) => svg`<circle cx=${x} cy=${y} r="4"></circle>`)}
      ${pixels.map(({ x, y }, i) => (i ? svg`<text x=${x + 9} y=${y - 9}>${lengthText(lengths[i] ?? 0)}</text>` : nothing))}
    </svg>`;
  }
}

customElements.define("qipan-measure", Measure);

/** The board's map is there: from now on it may be measured. */
export function measuring(board: HTMLElement, ground: Ground): void {
  board.querySelector<Measure>("qipan-measure")?.begin(ground);
}
