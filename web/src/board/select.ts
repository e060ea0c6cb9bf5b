/** Several at once: a box or a line drawn around them on the map, what lies inside, and a step for all of them. */
import { html, LitElement, nothing, svg } from "lit";
import { icon } from "../page";
import { level, remaining } from "../remaining";
import { text } from "../texts";
import type { Ground } from "./ground";
import { box, type Corner, within } from "./inside";
import { openMany, type Row, sent, type Unit } from "./many";
import type { Rows } from "./rows";

interface Inside {
  total: number;
  rows: Row[];
  steps: string[];
  units: Unit[];
}

const NEAR = 7; // pixels: less is a click, more is a drag
type Point = { x: number; y: number };

export class Selection extends LitElement {
  private map: Ground | undefined;
  private rows: Rows | undefined;
  private now: () => number = Date.now;
  private drawing = false;
  private corners: Corner[] = [];
  private from: Point | undefined;
  private to: Point | undefined;
  private found: Inside | undefined;
  private ids: string[] = [];
  private asked = 0;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** The board's map is there. */
  begin(map: Ground, rows: Rows, now: () => number): void {
    [this.map, this.rows, this.now] = [map, rows, now];
    map.onMove(() => this.corners.length && this.requestUpdate());
    document.addEventListener("keydown", (event) => this.key(event), { capture: true });
    document.addEventListener("board-tool", (event) => (event as CustomEvent<string>).detail !== "select" && this.end());
    this.requestUpdate();
  }

  private key(event: KeyboardEvent): void {
    const { target } = event;
    const typing = target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
    if (this.hidden || typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], :popover-open")) return;
    if (event.key === "s" && !this.drawing) this.start();
    else if (event.key === "Escape" && (this.drawing || this.corners.length)) this.end();
    else if (event.key === "Enter" && this.drawing && this.corners.length > 2) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private start(): void {
    this.end();
    document.dispatchEvent(new CustomEvent("board-tool", { detail: "select" }));
    this.drawing = true;
    this.requestUpdate();
  }

  private end(): void {
    this.drawing = false;
    this.corners = [];
    this.from = this.to = this.found = undefined;
    this.ids = [];
    this.asked += 1;
    this.requestUpdate();
  }

  private at(event: PointerEvent | MouseEvent): Point {
    const { left, top } = this.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private corner(point: Point): Corner {
    return this.map?.unproject(point) ?? [0, 0];
  }

  private down(event: PointerEvent): void {
    if (event.button) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.from = this.to = this.at(event);
  }

  private moved(event: PointerEvent): void {
    this.to = this.at(event);
    this.requestUpdate();
  }

  private up(event: PointerEvent): void {
    const [from, to] = [this.from, this.at(event)];
    this.from = undefined;
    if (!from) return;
    if (Math.hypot(to.x - from.x, to.y - from.y) > NEAR && !this.corners.length) {
      this.corners = box(this.corner(from), this.corner(to));
      return this.close();
    }
    const [first, last] = [this.corners[0], this.corners.at(-1)].map((one) => one && this.map?.project(one));
    const near = (one?: Point) => one && Math.hypot(to.x - one.x, to.y - one.y) <= NEAR;
    if (near(first) && this.corners.length > 2) return this.close();
    if (!near(last)) this.corners = [...this.corners, this.corner(to)]; // a double click is one corner
    this.requestUpdate();
  }

  private close(): void {
    if (this.corners.length < 3) return;
    this.drawing = false;
    void this.take(within(this.rows?.all() ?? [], this.corners));
  }

  /** Without a pointer: everything that the map shows now. */
  private view(): void {
    if (!this.map) return;
    this.corners = box(...this.map.view());
    this.close();
  }

  private async take(ids: string[]): Promise<void> {
    this.ids = ids;
    this.found = undefined;
    const asked = (this.asked += 1);
    this.requestUpdate();
    const answer = ids.length ? await sent<Inside>("inside", { ids }) : { total: 0, rows: [], steps: [], units: [] };
    if (asked !== this.asked) return;
    if (answer) this.found = answer;
    else this.end();
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector<HTMLElement>(".select-panel button")?.focus();
  }

  private step(step: string): void {
    const found = this.found;
    if (found) openMany(step, found.rows, found.units, () => void this.take(this.ids));
  }

  private pick(id: string, event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.dispatchEvent(new CustomEvent("picked", { detail: id }));
  }

  protected override render() {
    if (!this.map) return nothing;
    return html`${this.ground()}
      <button type="button" class="bar-button select-begin" title=${text("select.begin")} aria-label=${text("select.begin")}
        aria-pressed=${this.drawing} @click=${() => (this.drawing ? this.end() : this.start())}>${icon("select")}</button>
      <p class="select-how" role="status">${this.drawing
          ? html`${text("select.how")}
              <button type="button" class="button small" @click=${() => this.view()}>${text("select.view")}</button>
              <button type="button" class="button small quiet" @click=${() => this.end()}>${text("select.cancel")}</button>`
          : nothing}</p>
      ${this.corners.length && !this.drawing ? this.panel() : nothing}`;
  }

  private ground() {
    if (!this.drawing && !this.corners.length) return nothing;
    const points = this.corners.map((one) => this.map?.project(one)).map((one) => [one?.x ?? 0, one?.y ?? 0]);
    if (this.drawing && this.to && points.length) points.push([this.to.x, this.to.y]);
    const dragged = this.drawing && this.from && this.to && !this.corners.length ? { from: this.from, to: this.to } : undefined;
    return html`<svg class="select-ground" aria-hidden="true" ?data-drawing=${this.drawing}
      @pointerdown=${(event: PointerEvent) => this.down(event)} @pointermove=${(event: PointerEvent) => this.moved(event)}
      @pointerup=${(event: PointerEvent) => this.up(event)} @dblclick=${() => this.close()}>
      ${points.length ? svg`<polygon points=${points.map((one) => one.join(",")).join(" ")}></polygon>` : nothing}
      ${this.drawing ? points.slice(0, this.corners.length).map(([x, y]) => svg`<circle cx=${x} cy=${y} r="4"></circle>`) : nothing}
      ${dragged ? svg`<rect x=${Math.min(dragged.from.x, dragged.to.x)} y=${Math.min(dragged.from.y, dragged.to.y)}
        width=${Math.abs(dragged.from.x - dragged.to.x)} height=${Math.abs(dragged.from.y - dragged.to.y)}></rect>` : nothing}
    </svg>`;
  }

  private panel() {
    const found = this.found;
    const n = found?.total ?? this.ids.length;
    return html`<section class="select-panel" aria-label=${text("select.rows")}>
      <header><h2 aria-live="polite">${n === 0 ? text("select.none") : n === 1 ? text("select.one") : text("select.chosen", { n })}</h2>
        <button type="button" class="bar-button" aria-label=${text("board.close")} @click=${() => this.end()}>${icon("close")}</button></header>
      ${!found ? html`<p class="soft">${text("board.loading")}</p>` : nothing}
      ${found && found.total > found.rows.length ? html`<p class="soft small">${text("select.most", { n: found.rows.length })}</p>` : nothing}
      ${found?.rows.length
        ? html`<div class="buttons">
            ${found.steps.filter((step) => step !== "export").map(
              (step) => html`<button type="button" class="button small" @click=${() => this.step(step)}>${text(`select.${step}`)}</button>`,
            )}
            ${found.steps.includes("export") ? this.files(found.rows) : nothing}
          </div>
          <ul class="board-lines select-rows" tabindex="0" aria-label=${text("select.rows")}>${found.rows.map((row) => this.line(row))}</ul>`
        : nothing}
    </section>`;
  }

  private files(rows: readonly Row[]) {
    return html`<form method="post" action="/board/export/" class="select-files">
      <input type="hidden" name="csrfmiddlewaretoken" value=${document.body.dataset["csrf"] ?? ""} />
      ${rows.map((row) => html`<input type="hidden" name="id" value=${row.id} />`)}
      <button class="button small quiet" name="format" value="xlsx">Excel</button>
      <button class="button small quiet" name="format" value="csv">CSV</button>
    </form>`;
  }

  private line(row: Row) {
    const due = row.due_at === null ? undefined : Date.parse(row.due_at);
    return html`<li><a href=${`/incidents/${row.id}/`} @click=${(event: MouseEvent) => this.pick(row.id, event)}>${row.title}</a>
      <span class="note-text">${[row.number, row.unit].filter(Boolean).join(" · ")}</span>
      ${due === undefined ? nothing : html`<time class="clock" datetime=${row.due_at} data-level=${level(this.now(), due)}>${remaining(this.now(), due)}</time>`}</li>`;
  }
}

customElements.define("qipan-selection", Selection);

/** The board's map is there: from now on several may be selected. */
export function selecting(board: HTMLElement, map: Ground, rows: Rows, now: () => number): void {
  board.querySelector<Selection>("qipan-selection")?.begin(map, rows, now);
}
