/** Outlines of areas: bounds, a flat projection good for one district, and which area a point lies in. */
export type Position = [number, number];
export type Box = [number, number, number, number];
type Ring = number[][];

export interface Feature {
  properties?: { name?: string } | null;
  geometry: { type: "Polygon"; coordinates: Ring[] } | { type: "MultiPolygon"; coordinates: Ring[][] } | null;
}

export function polygons(feature: Feature): Ring[][] {
  const geometry = feature.geometry;
  if (!geometry) return [];
  return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
}

/** [west, south, east, north] in degrees. */
export function boundsOf(features: Feature[]): Box {
  const box: Box = [180, 90, -180, -90];
  for (const feature of features)
    for (const rings of polygons(feature))
      for (const [x = 0, y = 0] of rings[0] ?? []) {
        box[0] = Math.min(box[0], x);
        box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x);
        box[3] = Math.max(box[3], y);
      }
  return box;
}

/** Degrees to a plane 1,000 wide, y downwards, true to shape at the middle latitude. */
export class Projection {
  readonly box: Box;
  private readonly scale: number;
  private readonly squeeze: number;

  constructor(private readonly bounds: Box) {
    const [west, south, east, north] = bounds;
    this.squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
    this.scale = 1000 / Math.max((east - west) * this.squeeze, 1e-9);
    const edge = 20;
    this.box = [-edge, -edge, 1000 + 2 * edge, (north - south) * this.scale + 2 * edge];
  }

  forward([longitude, latitude]: Position): Position {
    return [(longitude - this.bounds[0]) * this.squeeze * this.scale, (this.bounds[3] - latitude) * this.scale];
  }

  back([x, y]: Position): Position {
    return [x / this.scale / this.squeeze + this.bounds[0], this.bounds[3] - y / this.scale];
  }

  path(feature: Feature): string {
    return polygons(feature)
      .flat()
      .map((ring) => {
        const points = ring.map(([x = 0, y = 0]) => this.forward([x, y]).map((value) => value.toFixed(1)).join(" "));
        return `M${points.join("L")}Z`;
      })
      .join("");
  }
}

/** The index of the feature that holds the point, -1 if none does (even-odd rule, holes included). */
export function featureAt(features: Feature[], [px, py]: Position): number {
  return features.findIndex((feature) =>
    polygons(feature).some((rings) => rings.reduce((inside, ring) => inside !== within(ring, px, py), false)),
  );
}

function within(ring: Ring, px: number, py: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi = 0, yi = 0] = ring[i] ?? [];
    const [xj = 0, yj = 0] = ring[j] ?? [];
    if (yi > py !== yj > py && px < ((xj - xi) * (py - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
