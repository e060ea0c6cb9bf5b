/** The map: outlines by zoom, open incidents by urgency, the picked one outlined. No tiles, no glyph server. */
import {
  type GeoJSONSource,
  Map as MapLibre,
  type MapGeoJSONFeature,
  Popup,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { type Box, boundsOf, featureAt } from "../outline";
import { text } from "../texts";
import { hashOf, viewOf } from "./address";
import { json, type Start } from "./data";
import type { Drawn, Incident } from "./rows";
import { FONT, inks, mapStyle, OUTLINES, SWITCHES } from "./style";

setWorkerUrl(new URL(workerUrl, import.meta.url).href);

type Outline = GeoJSON.Feature<GeoJSON.Polygon | GeoJSON.MultiPolygon, { id: number; name: string }>;

interface Collection {
  type: "FeatureCollection";
  features: Outline[];
}

interface Named {
  name: string;
  level: number;
  longitude: number;
  latitude: number;
}

export interface MapEvents {
  picked(id: string): void;
  /** The cells are there: what is outlined may be outlined finer. */
  finer(): void;
}

const NAMES = ["", "district", "township", "village", "cell"];
const PICKABLE = ["pressing", "incidents", "clusters"];
const CELLS_FROM = 11.8;
const KEY = "qipan.board.layers";
const NONE: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

export class BoardMap {
  private readonly areas: Named[] = [];
  private readonly top: number;
  shown: Record<string, boolean>;
  private written: Named[] = [];
  private readonly map: MapLibre;
  private readonly outlines = new Map<number, Collection>();
  private drawn: Drawn = { heaped: [], pressing: [] };
  private marked: GeoJSON.FeatureCollection = NONE;
  private readonly whole: Box | undefined;
  private readonly placed: boolean;
  private ready = false;
  private finer: Promise<void> | undefined;

  constructor(
    place: HTMLElement,
    private readonly address: string,
    start: Start,
    private readonly events: MapEvents,
  ) {
    this.top = start.me.area.level;
    this.whole = start.map.bbox ?? undefined;
    this.shown = { incidents: true, heat: false, villages: true, cells: true, labels: true, ...remembered() };
    const view = viewOf(location.hash);
    this.placed = view !== undefined;
    this.map = new MapLibre({
      container: place,
      style: mapStyle(inks()),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 19,
      minZoom: 6,
      fadeDuration: 0,
      center: view ? [view.longitude, view.latitude] : [114.3, 36.1],
      zoom: view?.zoom ?? 9,
      locale: { "Map.Title": text("board.map") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-right");
    this.map.on("moveend", (event) => {
      if (this.ready && !("first" in event)) history.replaceState(history.state, "", location.pathname + location.search + this.hash());
    });
    this.map.on("click", (event) => void this.clicked(event.point));
    this.hovering();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
    new MutationObserver(() => this.restyle()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    addEventListener("hashchange", () => {
      const to = viewOf(location.hash);
      if (to) this.map.jumpTo({ center: [to.longitude, to.latitude], zoom: to.zoom });
    });
  }

  /** Loads the outlines: the own area and what lies below it first, the cells when the rest is drawn. */
  async start(): Promise<void> {
    if (!this.map.isStyleLoaded()) await new Promise<void>((done) => this.map.once("load", () => done()));
    if (!this.placed) this.fit(false);
    const first = [1, 2, 3].filter((level) => level >= this.top);
    await Promise.all((first.length ? first : [4]).map((level) => this.outline(level)));
    await this.lettered();
    this.ready = true;
    if (this.top === 4 || this.map.getZoom() >= CELLS_FROM) await this.cells();
    this.map.on("zoomend", () => void (this.map.getZoom() >= CELLS_FROM && this.cells()));
  }

  /** The cells are most of the outlines, so they come when somebody looks close enough, or searches. */
  cells(): Promise<void> {
    this.finer ??= (this.top < 4 ? this.outline(4) : Promise.resolve()).then(
      () => (this.events.finer(), this.lettered()),
      () => (this.finer = undefined),
    );
    return this.finer;
  }

  private async outline(level: number): Promise<void> {
    const found = await json<Collection>(`${this.address}?level=${NAMES[level]}`);
    this.outlines.set(level, found);
    for (const one of found.features) {
      const [west, south, east, north] = boundsOf([one]);
      this.areas.push({ name: one.properties.name, level, longitude: (west + east) / 2, latitude: (south + north) / 2 });
    }
    this.draw();
  }

  /** Names are drawn by the browser, with the page's own font: its slices have to be there first. */
  private async lettered(): Promise<void> {
    const names = new Set(this.areas.flatMap((one) => [...one.name]));
    const written = [...this.areas];
    await document.fonts.load(`16px "${FONT}"`, [...names].join("") + "0123456789").catch(() => undefined);
    this.written = written;
    this.draw();
  }

  private draw(): void {
    for (const [level, collection] of this.outlines) {
      const name = level === this.top ? "district" : OUTLINES[level as 1 | 2 | 3 | 4];
      this.source(name)?.setData(collection);
    }
    this.source("names")?.setData({
      type: "FeatureCollection",
      // A name drawn before its letters are there would keep empty boxes for ever.
      features: this.written
        .filter((one) => one.level > this.top)
        .map(({ name, level, longitude, latitude }) => ({
          type: "Feature",
          geometry: { type: "Point", coordinates: [longitude, latitude] },
          properties: { name, level },
        })),
    });
    this.incidents(this.drawn);
    this.source("picked")?.setData(this.marked);
    for (const [name, layers] of Object.entries(SWITCHES)) {
      for (const layer of layers) {
        const on = this.shown[name] && (!layer.startsWith("name-") || this.shown["labels"]);
        if (name !== "labels" || layer === "name-townships") this.map.setLayoutProperty(layer, "visibility", on ? "visible" : "none");
      }
    }
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>(name);
  }

  private restyle(): void {
    this.map.setStyle(mapStyle(inks()), { diff: false });
    this.map.once("styledata", () => this.draw());
  }

  incidents(drawn: Drawn): void {
    this.drawn = drawn;
    this.source("incidents")?.setData({ type: "FeatureCollection", features: drawn.heaped });
    this.source("pressing")?.setData({ type: "FeatureCollection", features: drawn.pressing });
  }

  switch(name: string): void {
    this.shown = { ...this.shown, [name]: !this.shown[name] };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.shown));
    } catch {
      // A browser that keeps nothing: the choice holds for this page.
    }
    this.draw();
  }

  /** Outlines the incident and the smallest area around it; gives the area's name and those beside it. */
  pick(row: Pick<Incident, "longitude" | "latitude"> | undefined, go: boolean): { name: string; beside: string[] } | undefined {
    if (!row) {
      this.marked = NONE;
      this.source("picked")?.setData(NONE);
      return undefined;
    }
    const point: [number, number] = [row.longitude, row.latitude];
    const mark: GeoJSON.Feature = { type: "Feature", geometry: { type: "Point", coordinates: point }, properties: {} };
    let found: Outline | undefined;
    let beside: string[] = [];
    for (const level of [4, 3, 2]) {
      const features = this.outlines.get(level)?.features ?? [];
      const at = featureAt(features, point);
      found = features[at];
      if (found) {
        const [west, south, east, north] = boundsOf([found]);
        const near: Box = [west - 0.0004, south - 0.0004, east + 0.0004, north + 0.0004];
        beside = features
          .filter((one, index) => index !== at && overlap(boundsOf([one]), near))
          .map((one) => one.properties.name)
          .slice(0, 6);
        break;
      }
    }
    this.marked = { type: "FeatureCollection", features: found ? [found, mark] : [mark] };
    this.source("picked")?.setData(this.marked);
    if (go) this.go(row.longitude, row.latitude, Math.max(this.map.getZoom(), 14.2));
    return found && { name: found.properties.name, beside };
  }

  go(longitude: number, latitude: number, zoom: number): void {
    this.map.easeTo({ center: [longitude, latitude], zoom, duration: calm() ? 0 : 350 });
  }

  /** Marks a point that is no incident. */
  point(longitude: number, latitude: number): void {
    const geometry: GeoJSON.Point = { type: "Point", coordinates: [longitude, latitude] };
    this.marked = { type: "FeatureCollection", features: [{ type: "Feature", geometry, properties: {} }] };
    this.source("picked")?.setData(this.marked);
  }

  /** Shows an area; its outline may have to come first. One without any is looked up on its page. */
  async area(id: number, link: string): Promise<void> {
    const of = () => [...this.outlines.values()].flatMap(({ features }) => features).find((one) => one.properties.id === id);
    if (!of()) await this.cells();
    const found = of();
    if (!found) return location.assign(link);
    this.marked = { type: "FeatureCollection", features: [found] };
    this.source("picked")?.setData(this.marked);
    this.map.fitBounds(boundsOf([found]), { padding: 60, duration: calm() ? 0 : 350, maxZoom: 16 });
  }

  /** The name of the village, or else the township, around a point. */
  around(point: [number, number]): string {
    for (const level of [3, 2]) {
      const features = this.outlines.get(level)?.features ?? [];
      const found = features[featureAt(features, point)];
      if (found) return found.properties.name;
    }
    return "";
  }

  fit(slowly = true): void {
    if (this.whole) this.map.fitBounds(this.whole, { padding: 28, duration: slowly ? 350 : 0 }, { first: !slowly });
  }

  zoom(by: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + by, duration: 200 });
  }

  /** For tests and for whoever waits: everything that is to be seen is drawn. */
  get settled(): boolean {
    return this.ready && this.map.loaded();
  }

  private hash(): string {
    const { lng, lat } = this.map.getCenter();
    return hashOf({ zoom: this.map.getZoom(), latitude: lat, longitude: lng });
  }

  private under(point: { x: number; y: number }, layers: string[]): MapGeoJSONFeature | undefined {
    const box: [[number, number], [number, number]] = [[point.x - 5, point.y - 5], [point.x + 5, point.y + 5]];
    return this.map.queryRenderedFeatures(box, { layers })[0];
  }

  private async clicked(point: { x: number; y: number }): Promise<void> {
    const found = this.under(point, PICKABLE);
    if (!found) return;
    const cluster = found.properties["cluster_id"] as number | undefined;
    if (cluster === undefined) return this.events.picked(String(found.properties["id"]));
    const zoom = (await this.source("incidents")?.getClusterExpansionZoom(cluster)) ?? 14;
    const [x = 0, y = 0] = (found.geometry as GeoJSON.Point).coordinates;
    this.go(x, y, zoom + 0.3);
  }

  /** The name of the village or cell under the pointer, where no room was for it. */
  private hovering(): void {
    const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 10, className: "board-popup" });
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const hide = () => (clearTimeout(waiting), popup.remove());
    this.map.on("mousemove", (event) => {
      hide();
      this.map.getCanvas().style.cursor = this.under(event.point, PICKABLE) ? "pointer" : "";
      waiting = setTimeout(() => {
        const place: [number, number] = [event.lngLat.lng, event.lngLat.lat];
        const levels = this.map.getZoom() >= 12.4 ? [4, 3, 2] : this.map.getZoom() >= 10.2 ? [3, 2] : [2];
        for (const level of levels) {
          const features = this.outlines.get(level)?.features ?? [];
          const found = features[featureAt(features, place)];
          if (found) return void popup.setLngLat(event.lngLat).setText(found.properties.name).addTo(this.map);
        }
      }, 500);
    });
    this.map.on("mouseout", hide);
    this.map.on("movestart", hide);
  }
}

function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function overlap(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

function remembered(): Record<string, boolean> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, boolean>;
  } catch {
    return {};
  }
}
