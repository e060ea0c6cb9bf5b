/** The map's layers, drawn with the colours of the page: paper and ink, and urgency. */
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { isDark, tileLayer, tileSource, type Tiles } from "./tiles";

export interface Inks {
  paper: string;
  sheet: string;
  sunk: string;
  ink: string;
  soft: string;
  line: string;
  strong: string;
  levels: [string, string, string, string];
}

export const FONT = "Noto Sans SC Variable";
export const OUTLINES = { 1: "district", 2: "townships", 3: "villages", 4: "cells" } as const;
export const CLUSTER_UNTIL = 14;

/** The colours in force now; `overdue` is the full one of its wash, which is the same in both lights' meaning. */
export function inks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: of("paper"), sheet: of("sheet"), sunk: of("sunk"), ink: of("ink"), soft: of("ink-soft"), line: of("line"),
    strong: of("line-strong"), levels: [of("ink-soft"), of("soon"), of("due"), of("overdue")],
  };
}

function byLevel(of: ExpressionSpecification, values: readonly (string | number)[]): ExpressionSpecification {
  const [calm, soon, due, overdue] = values;
  return ["match", of, 3, overdue, 2, due, 1, soon, calm] as unknown as ExpressionSpecification;
}

const LEVEL: ExpressionSpecification = ["get", "level"];
const WORST: ExpressionSpecification = ["get", "worst"];
const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** `data`: what each source shows already; `hidden`: layers that are switched off. */
export function mapStyle(ink: Inks, tiles: Tiles | null, data: ReadonlyMap<string, GeoJSON.FeatureCollection>, hidden: ReadonlySet<string>): StyleSpecification {
  const of = (name: string) => ({ type: "geojson", data: data.get(name) ?? NOTHING }) as const;
  return {
    version: 8,
    sources: {
      ...(tiles ? { tiles: tileSource(tiles) } : {}),
      ...Object.fromEntries([...Object.values(OUTLINES), "names", "premises", "points", "staff", "picked"].map((name) => [name, of(name)])),
      incidents: {
        ...of("incidents"),
        cluster: true,
        clusterRadius: 36,
        clusterMaxZoom: CLUSTER_UNTIL,
        clusterProperties: { worst: ["max", ["get", "level"]] },
      },
      // What is overdue or about to be stands by itself at every zoom: the worst is never inside a heap.
      pressing: of("pressing"),
    },
    layers: layers(ink, tiles).map((layer) => (hidden.has(layer.id) ? ({ ...layer, layout: { ...layer.layout, visibility: "none" } } as LayerSpecification) : layer)),
  };
}

function line(id: string, source: string, color: string, width: number, minzoom: number): LayerSpecification {
  return {
    id,
    source,
    type: "line",
    minzoom,
    layout: { "line-join": "round" },
    paint: { "line-color": color, "line-width": width },
  };
}

function label(id: string, level: number, size: number, minzoom: number, ink: Inks): LayerSpecification {
  return {
    id,
    source: "names",
    type: "symbol",
    minzoom,
    filter: ["==", ["get", "level"], level],
    layout: {
      "text-field": ["get", "name"],
      "text-font": [FONT],
      "text-size": size,
      "text-padding": 6,
      "text-max-width": 9,
      "symbol-sort-key": ["get", "level"],
    },
    paint: {
      "text-color": level === 2 ? ink.ink : ink.soft,
      "text-halo-color": ink.sheet,
      "text-halo-width": 1.6,
    },
  };
}

function layers(ink: Inks, tiles: Tiles | null): LayerSpecification[] {
  const single: ExpressionSpecification = ["!", ["has", "point_count"]];
  const many: ExpressionSpecification = ["has", "point_count"];
  return [
    { id: "paper", type: "background", paint: { "background-color": ink.paper } },
    ...(tiles ? [tileLayer(isDark(ink.paper))] : []),
    { id: "ground", source: "district", type: "fill", paint: { "fill-color": ink.sheet, "fill-antialias": false } },
    line("cells", "cells", ink.line, 0.7, 12.4),
    line("villages", "villages", ink.line, 1, 10.2),
    line("townships", "townships", ink.strong, 1.2, 0),
    line("district", "district", ink.ink, 2, 0),
    {
      id: "picked-ground", source: "picked", type: "fill", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": ink.sunk, "fill-opacity": tiles ? 0.45 : 0.8, "fill-antialias": false },
    },
    {
      id: "picked-edge", source: "picked", type: "line", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "line-color": ink.ink, "line-width": 2.5, "line-dasharray": [2, 1.2] },
    },
    {
      id: "heat", source: "incidents", type: "heatmap",
      paint: {
        "heatmap-radius": ["interpolate", ["linear"], ["zoom"], 9, 18, 14, 42],
        "heatmap-weight": ["coalesce", ["get", "point_count"], 1],
        "heatmap-intensity": 0.12,
        "heatmap-color": [
          "interpolate", ["linear"], ["heatmap-density"], 0, "rgba(0,0,0,0)", 0.15, ink.sunk, 1, ink.strong,
        ],
        "heatmap-opacity": 0.85,
      },
    },
    {
      id: "premises", source: "premises", type: "circle", minzoom: 12,
      paint: {
        "circle-color": ink.sheet, "circle-stroke-color": ink.strong,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 1.2, 15, 3.2],
        "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 15, 1.4],
      },
    },
    {
      id: "points", source: "points", type: "circle", minzoom: 12,
      paint: { "circle-color": ink.strong, "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 0.8, 15, 2.4] },
    },
    label("name-cells", 4, 11, 14, ink),
    label("name-villages", 3, 12, 11.6, ink),
    label("name-townships", 2, 14, 8, ink),
    {
      id: "clusters", source: "incidents", type: "circle", filter: many,
      paint: {
        "circle-color": ink.sheet,
        "circle-stroke-color": byLevel(WORST, ink.levels),
        "circle-stroke-width": byLevel(WORST, [1, 2, 2, 2]),
        "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "point_count"]], 1, 8, 10, 15, 25, 24],
      },
    },
    {
      id: "cluster-counts", source: "incidents", type: "symbol", filter: many,
      layout: {
        "text-field": ["to-string", ["get", "point_count"]], "text-font": [FONT], "text-size": 11,
        "text-allow-overlap": true, "text-ignore-placement": true,
      },
      paint: { "text-color": byLevel(WORST, [ink.ink, ...ink.levels.slice(1)]) },
    },
    ...(["incidents", "pressing"] as const).flatMap((source): LayerSpecification[] => [
      {
        id: `${source}-supervised`, source, type: "circle", filter: ["all", single, ["==", ["get", "supervised"], true]],
        paint: {
          "circle-color": "rgba(0,0,0,0)", "circle-radius": 11, "circle-stroke-color": ink.ink,
          "circle-stroke-width": 1.4,
        },
      },
      {
        id: source, source, type: "symbol", filter: single,
        layout: {
          "icon-image": byLevel(LEVEL, ["mark-0", "mark-1", "mark-2", "mark-3"]), // marks.ts draws them
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "symbol-sort-key": LEVEL,
        },
      },
      {
        // What a finger meets: an image is found only once it was placed, a moment after each change.
        id: `${source}-touch`, source, type: "circle", filter: single,
        paint: { "circle-radius": 9, "circle-opacity": 0 },
      },
    ]),
    {
      id: "staff", source: "staff", type: "circle",
      paint: {
        "circle-color": ink.ink, "circle-radius": 3, "circle-stroke-color": ink.sheet, "circle-stroke-width": 3,
      },
    },
    {
      id: "staff-ring", source: "staff", type: "circle",
      paint: {
        "circle-color": "rgba(0,0,0,0)", "circle-radius": 6.5, "circle-stroke-color": ink.ink, "circle-stroke-width": 1.4,
      },
    },
    {
      id: "picked-point", source: "picked", type: "circle", filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-color": "rgba(0,0,0,0)", "circle-radius": 15, "circle-stroke-color": ink.ink, "circle-stroke-width": 3,
      },
    },
  ];
}

/** Which layers each switch shows. */
const SWITCHES: Record<string, readonly string[]> = {
  incidents: ["clusters", "cluster-counts", "incidents", "incidents-supervised", "incidents-touch", "pressing", "pressing-supervised", "pressing-touch"],
  heat: ["heat"],
  premises: ["premises"],
  points: ["points"],
  staff: ["staff", "staff-ring"],
  boundaries: ["townships", "villages", "name-townships", "name-villages"],
  cells: ["cells", "name-cells"],
};

/** The layers that are not drawn with these switches; `tiled`: tiles may be shown, and then the ground would cover them. */
export function hiddenLayers(shown: Readonly<Record<string, boolean>>, tiled: boolean): Set<string> {
  const hidden = new Set([tiled && shown["tiles"] ? "ground" : "tiles"]);
  for (const [name, layers] of Object.entries(SWITCHES)) {
    for (const layer of layers) if (!shown[name] || (layer.startsWith("name-") && !shown["labels"])) hidden.add(layer);
  }
  return hidden;
}
