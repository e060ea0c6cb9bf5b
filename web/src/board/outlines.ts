/** The outlines of areas, brought level by level as they are needed and kept by the browser until they change. */
import { type Box, boundsOf, featureAt, type Position } from "../outline";
import { json } from "./data";

export type Outline = GeoJSON.Feature<GeoJSON.Polygon | GeoJSON.MultiPolygon, { id: number; name: string }>;

export interface Collection {
  type: "FeatureCollection";
  features: Outline[];
}

export interface Place {
  outline: Outline;
  name: string;
  beside: string[];
}

const BESIDE = 6;
const TOUCH = 0.0004; // degrees: outlines that are simplified may be apart so far

export class Outlines {
  private readonly known = new Map<number, Collection>();
  private readonly asked = new Map<number, Promise<Collection>>();
  private readonly boxes = new Map<Outline, Box>();

  constructor(private readonly addresses: Record<string, string>) {}

  get(level: number): Promise<Collection> {
    let found = this.asked.get(level);
    if (!found) {
      found = json<Collection>(this.addresses[level] ?? "").then((collection) => {
        for (const one of collection.features) this.boxes.set(one, boundsOf([one]));
        this.known.set(level, collection);
        return collection;
      });
      found.catch(() => this.asked.delete(level));
      this.asked.set(level, found);
    }
    return found;
  }

  has(level: number): boolean {
    return this.known.has(level);
  }

  /** The area around a point, of the first of these levels that has one. */
  at(point: Position, levels: readonly number[]): Outline | undefined {
    for (const level of levels) {
      const features = this.near(level, [...point, ...point] as Box);
      const found = features[featureAt(features, point)];
      if (found) return found;
    }
    return undefined;
  }

  find(id: number): Outline | undefined {
    return [...this.known.values()].flatMap(({ features }) => features).find((one) => one.properties.id === id);
  }

  /** The smallest known area around a point, and the names of those beside it. */
  place(point: Position): Place | undefined {
    for (const level of [4, 3, 2]) {
      const outline = this.at(point, [level]);
      if (!outline) continue;
      const [west, south, east, north] = this.boxes.get(outline) ?? boundsOf([outline]);
      const others = this.near(level, [west - TOUCH, south - TOUCH, east + TOUCH, north + TOUCH]);
      const beside = others.filter((one) => one !== outline).map((one) => one.properties.name);
      return { outline, name: outline.properties.name, beside: beside.slice(0, BESIDE) };
    }
    return undefined;
  }

  /** Names of a level, each in the middle of its area. */
  names(level: number): GeoJSON.Feature<GeoJSON.Point, { name: string; level: number }>[] {
    return (this.known.get(level)?.features ?? []).map((one) => {
      const [west, south, east, north] = this.boxes.get(one) ?? boundsOf([one]);
      return {
        type: "Feature",
        geometry: { type: "Point", coordinates: [(west + east) / 2, (south + north) / 2] },
        properties: { name: one.properties.name, level },
      };
    });
  }

  private near(level: number, box: Box): Outline[] {
    return (this.known.get(level)?.features ?? []).filter((one) => {
      const [west, south, east, north] = this.boxes.get(one) ?? boundsOf([one]);
      return west <= box[2] && box[0] <= east && south <= box[3] && box[1] <= north;
    });
  }
}
