/** The map: outlines by zoom, open incidents by urgency, the picked one outlined, above tiles where there are any. No glyph server. */
import {
  type GeoJSONSource,
  type MapGeoJSONFeature,
  Popup,
  prewarm,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { boundsOf } from "../outline";
import { make } from "../page";
import { text } from "../texts";
import { hashOf, viewOf } from "./address";
import type { BoardData } from "./data";
import { Frame } from "./datum";
import { GatheringMap } from "./gathering";
import { Ground } from "./ground";
import { Layers, places } from "./layers";
import { markImage, markOf } from "./marks";
import { Outlines, type Place } from "./outlines";
import type { Drawn, Incident } from "./rows";
import { StaffOnDuty } from "./staff";
import { hiddenLayers, inks, mapStyle, OUTLINES } from "./style";
import { Approval, type Tiles } from "./tiles";

setWorkerUrl(new URL(workerUrl, import.meta.url).href);
prewarm(); // the worker starts while the page does

export interface Thing {
  label: string;
  detail: string;
  link: string;
  longitude: number;
  latitude: number;
}

export interface MapEvents {
  picked(id: string): void;
  /** Something that is no incident was picked: premises, a point. */
  thing(thing: Thing): void;
  /** Outlines came: what is outlined may be outlined finer. */
  finer(): void;
}

const PLACES = ["premises", "points"] as const;
const PICKABLE = ["pressing-touch", "incidents-touch", "clusters", "staff", ...PLACES];
const PLACES_FROM = 11.5;
/** From which zoom a level's outlines, and its names, are there to be seen (style.ts draws them a little later). */
const NEEDED: Record<number, [number, number]> = { 1: [0, 0], 2: [0, 0], 3: [9.9, 11.2], 4: [11.8, 13.6] };
const TOGETHER = 200; // milliseconds: so long outlines wait for what lies on them
const NONE: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const collection = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({ type: "FeatureCollection", features });

export class BoardMap {
  readonly layers: Layers;
  readonly outlines: Outlines;
  readonly staff: StaffOnDuty | undefined;
  /** For what is drawn above the map. */
  readonly ground: Ground;
  private readonly top: number;
  private readonly map: GatheringMap;
  private readonly whole: [number, number, number, number] | undefined;
  private readonly sources = new Map<string, GeoJSON.FeatureCollection>();
  private readonly named = new Set<number>();
  private readonly placesAt: Record<(typeof PLACES)[number], string>;
  private readonly tiles: Tiles | null;
  private readonly datum: Frame; // how the map below is counted
  private styled = false;
  private ready = false;

  constructor(
    place: HTMLElement,
    data: BoardData,
    private readonly events: MapEvents,
  ) {
    const { me, map } = data.start;
    this.placesAt = data.addresses;
    this.top = me.area.level;
    this.tiles = map.tiles;
    this.datum = new Frame(this.tiles?.datum ?? "wgs84");
    this.whole = map.bbox ? this.datum.box(map.bbox) : undefined;
    this.outlines = new Outlines(data.addresses.areas);
    if (data.start.layers.includes("staff") && data.addresses.here) this.staff = new StaffOnDuty(data.addresses.here, (marks) => this.put("staff", marks));
    this.layers = new Layers(data.start.layers, `qipan.board.layers.${me.post}`);
    const view = viewOf(location.hash);
    this.map = new GatheringMap({
      container: place,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 19,
      minZoom: 6,
      fadeDuration: 0,
      center: view ? this.datum.shown([view.longitude, view.latitude]) : [114.3, 36.1],
      zoom: view?.zoom ?? 9,
      ...(!view && this.whole ? { bounds: this.whole, fitBoundsOptions: { padding: 28 } } : {}),
      locale: { "Map.Title": text("board.map") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-right");
    if (this.tiles) this.map.addControl(new Approval(this.tiles), "bottom-right");
    this.map.on("moveend", () => {
      if (this.ready) history.replaceState(history.state, "", location.pathname + location.search + this.hash());
    });
    this.ground = new Ground(this.map, this.datum);
    this.map.on("click", (event) => void (this.ground.taken || this.clicked(event.point)));
    this.hovering();
    this.map.on("styleimagemissing", ({ id }) => {
      const drawn = markOf(id) < 0 ? undefined : markImage(markOf(id), inks());
      if (drawn && !this.map.hasImage(id)) this.map.addImage(id, drawn.image, { pixelRatio: drawn.ratio });
    });
    const relit = () => this.styled && this.restyle();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", relit);
    new MutationObserver(relit).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    addEventListener("hashchange", () => {
      const to = viewOf(location.hash);
      if (to) this.map.jumpTo({ center: this.datum.shown([to.longitude, to.latitude]), zoom: to.zoom });
    });
  }

  /** Draws the outlines that are to be seen, waits for what fills the map, and brings the others when they are, or when there is time. */
  async start(filled: Promise<unknown>): Promise<void> {
    const seen = [1, 2, 3, 4].filter((level) => level >= this.top && (level === this.top || this.seen(level, 0)));
    await Promise.all(seen.map((level) => this.outlined(level)));
    const whole = Promise.all([this.lettered(), filled]);
    // Each drawing of the map is dear where no graphics card helps: what comes together is drawn together.
    await Promise.race([whole, new Promise((done) => setTimeout(done, TOGETHER))]);
    this.restyle();
    await whole;
    await new Promise<void>((done) => (this.map.once("idle", () => done()), this.map.triggerRepaint()));
    this.ready = true;
    if (this.tiles) this.switches();
    this.map.on("zoomend", () => void this.finer());
    void this.finer();
    void this.staff?.begin();
    if (this.top < 3) requestIdleCallback(() => void this.level(3));
  }

  private seen(level: number, what: 0 | 1): boolean {
    return this.map.getZoom() >= (NEEDED[level]?.[what] ?? 0);
  }

  private async finer(): Promise<void> {
    for (const level of [3, 4]) if (level > this.top && this.seen(level, 0)) await this.level(level);
    await this.lettered();
    if (this.map.getZoom() >= PLACES_FROM) await Promise.all(PLACES.map((name) => this.brought(name)));
  }

  private async brought(name: (typeof PLACES)[number]): Promise<void> {
    if (!this.layers.shown[name] || this.sources.has(name)) return;
    this.put(name, NONE);
    await places(this.placesAt[name]).then((found) => this.put(name, found), () => this.sources.delete(name));
  }

  private async level(level: number): Promise<void> {
    if (this.outlines.has(level)) return;
    const found = await this.outlines.get(level).catch(() => undefined);
    if (found) (await this.outlined(level), this.events.finer());
  }

  private async outlined(level: number): Promise<void> {
    this.put(level === this.top ? "district" : OUTLINES[level as 1 | 2 | 3 | 4], await this.outlines.get(level));
  }

  /** Names are drawn by the browser, with the page's own font: its slices have to be there first, because a name
   * drawn before its letters are there would keep empty boxes for ever. */
  private async lettered(): Promise<void> {
    const levels = [2, 3, 4].filter((level) => level > this.top && this.seen(level, 1) && this.outlines.has(level));
    if (levels.every((level) => this.named.has(level))) return;
    for (const level of levels) this.named.add(level);
    const names = [...this.named].flatMap((level) => this.outlines.names(level));
    const letters = new Set(names.flatMap((one) => [...one.properties.name]));
    await written([...letters].join("") + "0123456789");
    this.put("names", collection(names));
  }

  /** What a source shows; it is kept, because another light means another style. */
  private put(name: string, meant: GeoJSON.FeatureCollection): void {
    const data = this.datum.collection(meant);
    this.sources.set(name, data);
    this.source(name)?.setData(data);
  }

  private hidden(): Set<string> {
    return hiddenLayers(this.layers.shown, this.ready && this.tiles !== null);
  }

  private switches(): void {
    const hidden = this.hidden();
    for (const layer of this.map.getLayersOrder()) this.map.setLayoutProperty(layer, "visibility", hidden.has(layer) ? "none" : "visible");
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.styled ? this.map.getSource<GeoJSONSource>(name) : undefined;
  }

  /** Draws everything that is known, for the first time or in another light. */
  private restyle(): void {
    const given = new Map(this.sources);
    this.styled = false;
    this.map.once("style.load", () => {
      this.styled = true;
      for (const [name, data] of this.sources) if (given.get(name) !== data) this.source(name)?.setData(data);
    });
    const style = mapStyle(inks(), this.tiles, this.sources, this.hidden());
    if (!this.ready) this.map.gather(Object.keys(style.sources).filter((name) => name !== "tiles"));
    this.map.setStyle(style, { diff: false });
  }

  incidents(drawn: Drawn): void {
    this.put("incidents", collection(drawn.heaped));
    this.put("pressing", collection(drawn.pressing));
  }

  switch(name: string): void {
    this.layers.switch(name);
    this.switches();
    void this.finer();
  }

  /** Outlines the incident and the smallest area around it; gives the area's name and those beside it. */
  pick(row: Pick<Incident, "longitude" | "latitude"> | undefined, go: boolean): Place | undefined {
    if (!row) return void this.put("picked", NONE);
    const point: [number, number] = [row.longitude, row.latitude];
    const mark: GeoJSON.Feature = { type: "Feature", geometry: { type: "Point", coordinates: point }, properties: {} };
    const place = this.outlines.place(point);
    this.put("picked", collection(place ? [place.outline, mark] : [mark]));
    if (go) this.go(row.longitude, row.latitude, Math.max(this.map.getZoom(), 14.2));
    return place;
  }

  go(longitude: number, latitude: number, zoom: number): void {
    this.map.easeTo({ center: this.datum.shown([longitude, latitude]), zoom, duration: calm() ? 0 : 350 });
  }

  /** Marks a point that is no incident. */
  point(longitude: number, latitude: number): Place | undefined {
    return this.pick({ longitude, latitude }, false);
  }

  /** Shows an area; its outline may have to come first. One without any is looked up on its page. */
  async area(id: number, link: string): Promise<void> {
    for (const level of [3, 4]) if (level > this.top && !this.outlines.find(id)) await this.level(level);
    const found = this.outlines.find(id);
    if (!found) return location.assign(link);
    this.put("picked", collection([found]));
    this.map.fitBounds(this.datum.box(boundsOf([found])), { padding: 60, duration: calm() ? 0 : 350, maxZoom: 16 });
  }

  /** The name of the village, or else the township, around a point. */
  around(point: [number, number]): string {
    return this.outlines.at(point, [3, 2])?.properties.name ?? "";
  }

  fit(): void {
    if (this.whole) this.map.fitBounds(this.whole, { padding: 28, duration: calm() ? 0 : 350 });
  }

  /** For a wall screen: everything so many times as large. */
  magnify(by: number): void {
    this.map.setPixelRatio(devicePixelRatio * by);
    this.map.resize();
  }

  /** Fills the map with one area, which is outlined, or with all of it. */
  async frame(part?: { id: number; level: number }): Promise<void> {
    const found = part && (await this.outlines.get(part.level).catch(() => undefined))?.features.find((one) => one.properties.id === part.id);
    this.put("picked", found ? collection([found]) : NONE);
    const box = found ? this.datum.box(boundsOf([found])) : this.whole;
    if (box) this.map.fitBounds(box, { padding: 24, duration: 0 });
  }

  zoom(by: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + by, duration: 200 });
  }

  private hash(): string {
    const { lng, lat } = this.map.getCenter();
    const [longitude, latitude] = this.datum.meant([lng, lat]);
    return hashOf({ zoom: this.map.getZoom(), latitude, longitude });
  }

  private under(point: { x: number; y: number }, layers: string[]): MapGeoJSONFeature | undefined {
    const box: [[number, number], [number, number]] = [[point.x - 5, point.y - 5], [point.x + 5, point.y + 5]];
    return this.map.queryRenderedFeatures(box, { layers })[0];
  }

  /** Where a point that was picked lies. */
  private meant({ geometry }: MapGeoJSONFeature): [number, number] {
    const [x = 0, y = 0] = (geometry as GeoJSON.Point).coordinates;
    return this.datum.meant([x, y]);
  }

  private async clicked(point: { x: number; y: number }): Promise<void> {
    const found = this.under(point, PICKABLE);
    if (!found) return;
    const cluster = found.properties["cluster_id"] as number | undefined;
    if (found.layer.id === "staff") {
      const { name, detail } = found.properties as Record<string, string>;
      const [longitude, latitude] = this.meant(found);
      return this.events.thing({ label: name ?? "", detail: detail ?? "", link: "", longitude, latitude });
    }
    if (found.layer.id === "premises" || found.layer.id === "points") {
      const { id, name, kind } = found.properties as Record<string, string>;
      const [longitude, latitude] = this.meant(found);
      const link = found.layer.id === "premises" ? `/premises/${id}/` : "";
      return this.events.thing({ label: name ?? "", detail: kind ?? "", link, longitude, latitude });
    }
    if (cluster === undefined) return this.events.picked(String(found.properties["id"]));
    const zoom = (await this.source("incidents")?.getClusterExpansionZoom(cluster)) ?? 14;
    const [x, y] = this.meant(found);
    this.go(x, y, zoom + 0.3);
  }

  /** The name of the village or cell under the pointer, where no room was for it. */
  private hovering(): void {
    const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 10, className: "board-popup" });
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const hide = () => (clearTimeout(waiting), popup.remove());
    this.map.on("mousemove", (event) => {
      hide();
      if (this.ground.taken) return;
      this.map.getCanvas().style.cursor = this.under(event.point, PICKABLE) ? "pointer" : "";
      waiting = setTimeout(() => {
        const place = this.datum.meant([event.lngLat.lng, event.lngLat.lat]);
        const premises = this.under(event.point, ["staff", ...PLACES])?.properties["name"] as string | undefined;
        if (premises) return void popup.setLngLat(event.lngLat).setText(premises).addTo(this.map);
        const levels = this.map.getZoom() >= 12.4 ? [4, 3, 2] : this.map.getZoom() >= 10.2 ? [3, 2] : [2];
        const found = this.outlines.at(place, levels);
        if (found) popup.setLngLat(event.lngLat).setText(found.properties.name).addTo(this.map);
      }, 500);
    });
    this.map.on("mouseout", hide);
    this.map.on("movestart", hide);
  }
}

function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Waits for the letters as the page itself would: `fonts.load` brings every slice that has one of them, this the best. */
async function written(letters: string): Promise<void> {
  const line = make("span", { class: "board-letters", "aria-hidden": "true" }, letters);
  document.body.append(line);
  line.getBoundingClientRect();
  await document.fonts.ready;
  line.remove();
}
