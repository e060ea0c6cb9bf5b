/** The map of my cells: outlines, marks and where I am, drawn on a canvas: it starts at once on a slow phone and needs
 * neither tiles nor a network. With `pin`, the middle is the place that is meant: the map is moved below it. */
import type { Level } from "../remaining";
import { text } from "../texts";
import type { Here } from "./place";
import { boxOf, fitting, moved, toPixel, toPoint, zoomed, type Box, type Point, type Sheet } from "./sheet";
import type { Outlines } from "./told";

export interface Mark {
  id: string;
  point: Point;
  level: Level;
}

interface Shape {
  rings: Point[][];
  name: string;
  box: Box;
}

const FINGER = 26;
const NAMES_FROM = 70; // pixels that a cell must be wide to bear its name

function shapes(outlines: Outlines): Shape[] {
  const found: Shape[] = [];
  for (const { geometry, properties } of outlines.features) {
    const rings = (geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat()) as unknown as Point[][];
    const box = boxOf(rings.flat());
    if (box) found.push({ rings, name: properties.name, box });
  }
  return found;
}

export class Cells extends HTMLElement {
  private readonly canvas = document.createElement("canvas");
  private readonly fingers = new Map<number, [number, number]>();
  private given: Outlines | undefined;
  private shapes: Shape[] = [];
  private marksShown: readonly Mark[] = [];
  private hereShown: Here | undefined;
  private sheet: Sheet = { centre: [0, 0], scale: 0.05, width: 0, height: 0 };
  private aim: Point | undefined;
  private began: [number, number] | undefined;
  private frame = 0;
  private watcher: ResizeObserver | undefined;

  set outlines(given: Outlines | undefined) {
    if (given === this.given) return; // Lit sets objects again whenever it draws
    this.given = given;
    this.shapes = given ? shapes(given) : [];
    this.fit();
  }

  set marks(given: readonly Mark[]) {
    this.marksShown = given;
    this.draw();
  }

  set here(given: Here | undefined) {
    this.hereShown = given;
    this.draw();
  }

  get centre(): Point {
    return this.sheet.centre;
  }

  connectedCallback(): void {
    if (!this.canvas.isConnected) this.append(this.canvas);
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", text(this.hasAttribute("pin") ? "field.map.aim" : "field.map.label"));
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(this);
    const on = <K extends keyof HTMLElementEventMap>(kind: K, does: (event: HTMLElementEventMap[K]) => void) =>
      this.canvas.addEventListener(kind, does as EventListener);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.fingers.delete(event.pointerId));
    on("wheel", (event) => (event.preventDefault(), this.zoom(event.deltaY < 0 ? 1.25 : 0.8, [event.offsetX, event.offsetY])));
    on("keydown", (event) => this.key(event));
  }

  disconnectedCallback(): void {
    this.watcher?.disconnect();
  }

  /** Shows a point, or everything there is. */
  go(point: Point, scale = Math.max(this.sheet.scale, 0.4)): void {
    this.aim = point;
    this.change({ ...this.sheet, centre: point, scale });
  }

  fit(): void {
    this.aim = undefined;
    const corners = this.shapes.flatMap(({ box }): Point[] => [[box[0], box[1]], [box[2], box[3]]]);
    const box = boxOf(corners.length ? corners : this.marksShown.map((one) => one.point));
    if (box && this.sheet.width) this.change(fitting(box, this.sheet.width, this.sheet.height));
    else this.draw();
  }

  zoom(factor: number, about?: Point): void {
    this.change(zoomed(this.sheet, factor, about));
  }

  private resized(): void {
    const [width, height] = [this.clientWidth, this.clientHeight];
    if (!width || !height) return;
    const dense = Math.min(devicePixelRatio || 1, 2);
    [this.canvas.width, this.canvas.height] = [width * dense, height * dense];
    const first = !this.sheet.width;
    this.sheet = { ...this.sheet, width, height };
    if (first && !this.aim) this.fit();
    else this.draw();
  }

  private change(next: Sheet): void {
    this.sheet = next;
    this.draw();
    this.dispatchEvent(new CustomEvent("moved", { detail: next.centre }));
  }

  private down(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.began = this.fingers.size === 1 ? [event.offsetX, event.offsetY] : undefined;
  }

  private move(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now: [number, number] = [event.offsetX, event.offsetY];
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    if (this.began && Math.hypot(now[0] - this.began[0], now[1] - this.began[1]) > 8) this.began = undefined;
    if (other) {
      const apart = (one: [number, number]) => Math.max(8, Math.hypot(one[0] - other[0], one[1] - other[1]));
      const middle: Point = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      this.sheet = zoomed(this.sheet, apart(now) / apart(before), this.hasAttribute("pin") ? undefined : middle);
      this.change(moved(this.sheet, [(now[0] - before[0]) / 2, (now[1] - before[1]) / 2]));
    } else if (!this.began) this.change(moved(this.sheet, [now[0] - before[0], now[1] - before[1]]));
  }

  private up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    const tap = this.began;
    this.began = undefined;
    if (!tap) return;
    if (this.hasAttribute("pin")) return this.go(toPoint(this.sheet, tap), this.sheet.scale);
    const near = this.marksShown
      .map((one) => ({ one, at: toPixel(this.sheet, one.point) }))
      .map(({ one, at }) => ({ one, far: Math.hypot(at[0] - tap[0], at[1] - tap[1]) }))
      .filter(({ far }) => far < FINGER)
      .sort((a, b) => a.far - b.far)[0];
    this.dispatchEvent(new CustomEvent("pick", { detail: near?.one.id ?? "" }));
  }

  private key(event: KeyboardEvent): void {
    const step = 40;
    const ways: Record<string, Point> = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const way = ways[event.key];
    if (way) this.change(moved(this.sheet, way));
    else if (event.key === "+" || event.key === "=") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else return;
    event.preventDefault();
  }

  private draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const pen = this.canvas.getContext("2d");
    if (!pen || !this.sheet.width) return;
    const style = getComputedStyle(this);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const dense = this.canvas.width / this.sheet.width;
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, this.sheet.width, this.sheet.height);
    this.paintShapes(pen, colour, style.fontFamily);
    this.paintHere(pen, colour);
    for (const mark of this.marksShown) this.paintMark(pen, mark, colour);
  }

  private paintShapes(pen: CanvasRenderingContext2D, colour: (name: string) => string, family: string): void {
    const { width, height } = this.sheet;
    pen.beginPath();
    const named: [Shape, number, number][] = [];
    for (const shape of this.shapes) {
      const [left, top] = toPixel(this.sheet, [shape.box[0], shape.box[3]]);
      const [right, bottom] = toPixel(this.sheet, [shape.box[2], shape.box[1]]);
      if (right < 0 || left > width || bottom < 0 || top > height) continue;
      for (const ring of shape.rings) {
        ring.forEach((point, index) => {
          const [x, y] = toPixel(this.sheet, point);
          if (index) pen.lineTo(x, y);
          else pen.moveTo(x, y);
        });
        pen.closePath();
      }
      if (right - left > NAMES_FROM) named.push([shape, (left + right) / 2, (top + bottom) / 2]);
    }
    pen.fillStyle = colour("sheet");
    pen.fill("evenodd");
    pen.strokeStyle = colour("line-strong");
    pen.lineWidth = 1.25;
    pen.stroke();
    pen.font = `13px ${family}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const [shape, x, y] of named.slice(0, 60)) {
      pen.strokeStyle = colour("sheet");
      pen.lineWidth = 4;
      pen.strokeText(shape.name, x, y);
      pen.fillStyle = colour("ink-soft");
      pen.fillText(shape.name, x, y);
    }
  }

  private paintHere(pen: CanvasRenderingContext2D, colour: (name: string) => string): void {
    const here = this.hereShown;
    if (!here) return;
    const [x, y] = toPixel(this.sheet, here.point);
    const ring = Math.max(10, here.accuracy * this.sheet.scale);
    pen.beginPath();
    pen.arc(x, y, ring, 0, 2 * Math.PI);
    pen.fillStyle = "rgb(28 26 23 / 8%)";
    pen.fill();
    pen.strokeStyle = colour("ink");
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    pen.stroke();
    pen.setLineDash([]);
    pen.beginPath();
    pen.arc(x, y, 5, 0, 2 * Math.PI);
    pen.fillStyle = colour("ink");
    pen.fill();
    pen.strokeStyle = colour("sheet");
    pen.lineWidth = 2;
    pen.stroke();
  }

  /** Urgency by shape as much as by colour: a ring, a half, a disc, a square. */
  private paintMark(pen: CanvasRenderingContext2D, mark: Mark, colour: (name: string) => string): void {
    const [x, y] = toPixel(this.sheet, mark.point);
    if (x < -20 || y < -20 || x > this.sheet.width + 20 || y > this.sheet.height + 20) return;
    const size = 9;
    pen.beginPath();
    if (mark.level === "overdue") pen.rect(x - size, y - size, 2 * size, 2 * size);
    else pen.arc(x, y, size, 0, 2 * Math.PI);
    pen.fillStyle = mark.level === "calm" || mark.level === "soon" ? colour("sheet") : colour(mark.level);
    pen.fill();
    pen.strokeStyle = mark.level === "overdue" ? colour("sheet") : colour(mark.level);
    pen.lineWidth = 3;
    pen.stroke();
    if (mark.level === "soon") {
      pen.beginPath();
      pen.arc(x, y, size, 0, Math.PI);
      pen.fillStyle = colour("soon");
      pen.fill();
    }
  }
}
