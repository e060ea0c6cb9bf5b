/** Picking a point on the outline of an area: no tiles, no other server.
 *
 * `<div data-place-picker data-outline="url" data-longitude="#id_longitude" data-latitude="#id_latitude">`
 * The outline is GeoJSON (FeatureCollection of polygons with properties.name). Tap, or arrow keys and Enter.
 */
import { type Box, type Feature, type Position, boundsOf, featureAt, Projection } from "./outline";
import { fresh, icon, make, onContent } from "./page";
import { text } from "./texts";

const SVG = "http://www.w3.org/2000/svg";
const draw = (name: string, attributes: Record<string, string | number>) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
};

export function startPlacePickers(): void {
  onContent((root) => {
    for (const place of fresh<HTMLElement>(root, "[data-place-picker]", "picker")) void new PlacePicker(place).start();
  });
}

class PlacePicker {
  private readonly longitude: HTMLInputElement | null;
  private readonly latitude: HTMLInputElement | null;
  private readonly said: HTMLElement;
  private features: Feature[] = [];
  private shapes: SVGElement[] = [];
  private projection = new Projection([0, 0, 1, 1]);
  private whole: Box = [0, 0, 1, 1];
  private view: Box = [0, 0, 1, 1];
  private map = draw("svg", {}) as SVGSVGElement;
  private pin = draw("path", { class: "pin", hidden: "" });
  private cross = draw("path", { class: "cross", hidden: "" });
  private aim: Position | null = null;

  constructor(private readonly root: HTMLElement) {
    this.longitude = document.querySelector(root.dataset["longitude"] ?? "");
    this.latitude = document.querySelector(root.dataset["latitude"] ?? "");
    this.said = make("p", { class: "help", role: "status" });
  }

  async start(): Promise<void> {
    try {
      const answer = await fetch(this.root.dataset["outline"] ?? "", { headers: { Accept: "application/geo+json, application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const outline = (await answer.json()) as { features: Feature[] };
      this.features = outline.features;
    } catch {
      this.root.append(make("p", { class: "help" }, text("place.unavailable")));
      return;
    }
    this.projection = new Projection(boundsOf(this.features));
    this.whole = this.view = this.projection.box;
    this.build();
    this.read();
    for (const field of [this.longitude, this.latitude]) field?.addEventListener("change", () => this.read());
  }

  private build(): void {
    this.map = draw("svg", { class: "map", tabindex: 0, role: "application", "aria-label": text("place.label") }) as SVGSVGElement;
    for (const feature of this.features) {
      const shape = draw("path", { class: "area", d: this.projection.path(feature) });
      if (feature.properties?.name) {
        const title = draw("title", {});
        title.textContent = feature.properties.name;
        shape.append(title);
      }
      this.shapes.push(shape);
    }
    this.map.append(...this.shapes, this.cross, this.pin);
    this.look(this.view);

    const button = (name: string, label: string, act: () => void) => {
      const made = make("button", { type: "button", class: "button", "aria-label": label, title: label }, icon(name));
      made.addEventListener("click", act);
      return made;
    };
    const zoom = make(
      "div",
      { class: "zoom" },
      button("plus", text("place.closer"), () => this.zoom(0.6)),
      button("minus", text("place.farther"), () => this.zoom(1 / 0.6)),
    );
    if ("geolocation" in navigator && isSecureContext) zoom.append(button("locate", text("place.here"), () => this.locate()));
    this.root.append(make("div", { class: "canvas" }, this.map, zoom), this.said);

    let down: { x: number; y: number; view: Box; moved: boolean } | null = null;
    this.map.addEventListener("pointerdown", (event) => {
      down = { x: event.clientX, y: event.clientY, view: this.view, moved: false };
      this.map.setPointerCapture(event.pointerId);
    });
    this.map.addEventListener("pointermove", (event) => {
      if (!down) return;
      const { x, y } = { x: event.clientX - down.x, y: event.clientY - down.y };
      if (!down.moved && Math.hypot(x, y) < 6) return;
      down.moved = true;
      const scale = this.scale();
      this.look([down.view[0] - x * scale, down.view[1] - y * scale, down.view[2], down.view[3]]);
    });
    this.map.addEventListener("pointerup", (event) => {
      if (down && !down.moved) this.pick(this.projection.back(this.at(event)));
      down = null;
    });
    this.map.addEventListener("pointercancel", () => (down = null));
    this.map.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.at(event));
      },
      { passive: false },
    );
    this.map.addEventListener("keydown", (event) => this.key(event));
    this.map.addEventListener("blur", () => this.cross.setAttribute("hidden", ""));
  }

  /** Map units to one screen pixel. */
  private scale(): number {
    const box = this.map.getBoundingClientRect();
    return Math.max(this.view[2] / Math.max(box.width, 1), this.view[3] / Math.max(box.height, 1));
  }

  private at(event: MouseEvent): Position {
    const matrix = this.map.getScreenCTM();
    if (!matrix) return [this.view[0], this.view[1]];
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [point.x, point.y];
  }

  private look(view: Box): void {
    this.view = view;
    this.map.setAttribute("viewBox", view.join(" "));
    this.mark();
  }

  private zoom(factor: number, around?: Position): void {
    const [x, y, width, height] = this.view;
    const [px, py] = around ?? this.aim ?? this.position() ?? [x + width / 2, y + height / 2];
    const least = this.whole[2] / 200;
    const next = Math.min(Math.max(width * factor, least), this.whole[2] * 1.2);
    const by = next / width;
    this.look([px - (px - x) * by, py - (py - y) * by, next, height * by]);
  }

  private key(event: KeyboardEvent): void {
    const far = this.view[2] / (event.shiftKey ? 8 : 40);
    const [x, y] = this.aim ?? this.position() ?? [this.view[0] + this.view[2] / 2, this.view[1] + this.view[3] / 2];
    const moves: Record<string, Position> = {
      ArrowLeft: [x - far, y],
      ArrowRight: [x + far, y],
      ArrowUp: [x, y - far],
      ArrowDown: [x, y + far],
    };
    const next = moves[event.key];
    if (next) {
      this.aim = next;
      this.follow(next);
      this.cross.removeAttribute("hidden");
      this.mark();
      this.say(this.projection.back(next));
    } else if (event.key === "Enter" || event.key === " ") {
      this.pick(this.projection.back([x, y]));
    } else if (event.key === "+" || event.key === "=") {
      this.zoom(0.6);
    } else if (event.key === "-") {
      this.zoom(1 / 0.6);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private follow([x, y]: Position): void {
    const [left, top, width, height] = this.view;
    if (x < left || x > left + width || y < top || y > top + height) this.look([x - width / 2, y - height / 2, width, height]);
  }

  private locate(): void {
    this.said.textContent = text("place.locating");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.pick([coords.longitude, coords.latitude]);
        const point = this.position();
        if (point) this.follow(point);
      },
      () => (this.said.textContent = text("place.no position")),
      { enableHighAccuracy: true, timeout: 15_000 },
    );
  }

  private pick(point: Position): void {
    if (this.longitude && this.latitude) {
      this.longitude.value = point[0].toFixed(6);
      this.latitude.value = point[1].toFixed(6);
      this.latitude.dispatchEvent(new Event("input", { bubbles: true }));
      this.latitude.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.root.dispatchEvent(new CustomEvent("qipan:place", { bubbles: true, detail: { longitude: point[0], latitude: point[1] } }));
  }

  private position(): Position | null {
    const longitude = Number.parseFloat(this.longitude?.value ?? "");
    const latitude = Number.parseFloat(this.latitude?.value ?? "");
    return Number.isFinite(longitude) && Number.isFinite(latitude) ? this.projection.forward([longitude, latitude]) : null;
  }

  /** Show what the fields hold. */
  private read(): void {
    this.aim = this.position();
    this.cross.setAttribute("hidden", "");
    this.mark();
    if (this.aim) this.say(this.projection.back(this.aim));
    else this.said.textContent = text("place.how");
  }

  private say(point: Position): void {
    const found = featureAt(this.features, point);
    this.shapes.forEach((shape, index) => shape.classList.toggle("here", index === found));
    const name = found < 0 ? text("place.outside") : (this.features[found]?.properties?.name ?? "");
    this.said.textContent = `${name} ${point[1].toFixed(5)}, ${point[0].toFixed(5)}`.trim();
  }

  private mark(): void {
    const unit = this.scale();
    const pin = this.position();
    this.pin.toggleAttribute("hidden", !pin);
    if (pin) {
      const [x, y] = pin;
      const r = 9 * unit;
      this.pin.setAttribute("d", `M${x} ${y} l${-r} ${-1.6 * r} a${r} ${r} 0 1 1 ${2 * r} 0 z`);
    }
    if (this.aim) {
      const [x, y] = this.aim;
      const r = 14 * unit;
      this.cross.setAttribute("d", `M${x - r} ${y} h${2 * r} M${x} ${y - r} v${2 * r}`);
    }
  }
}
