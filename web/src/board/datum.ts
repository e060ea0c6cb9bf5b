/** How a map is counted. The board knows WGS 84; below a map in GCJ-02 its own points are drawn, and picked, where that
 * map has them. The formulae are those of src/qipan/kernels/geodesy/datums.py; tests/vectors/datums.json holds both. */
import type { Box, Position } from "../outline";

export type Datum = "wgs84" | "gcj02";

const [WEST, SOUTH, EAST, NORTH] = [72.004, 0.8293, 137.8347, 55.8271];
const AXIS = 6378245.0;
const ECCENTRICITY_SQUARED = 0.00669342162296594323;
const PRECISION = 1e-12;
const degrees = (radians: number) => (radians * 180) / Math.PI;

function waves(t: number, ...terms: [number, number][]): number {
  return (terms.reduce((sum, [size, frequency]) => sum + size * Math.sin(frequency * Math.PI * t), 0) * 2) / 3;
}

function inBox([x, y]: Position): boolean {
  return x >= WEST && x <= EAST && y >= SOUTH && y <= NORTH;
}

export function toGcj02(point: Position): Position {
  if (!inBox(point)) return point;
  const [x, y] = [point[0] - 105, point[1] - 35];
  const root = Math.sqrt(Math.abs(x));
  const common = waves(x, [20, 6], [20, 2]);
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    + waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    + waves(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
  const phi = (point[1] * Math.PI) / 180;
  const flatness = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2;
  const alongMeridian = (AXIS * (1 - ECCENTRICITY_SQUARED)) / flatness ** 1.5;
  const alongParallel = (AXIS / Math.sqrt(flatness)) * Math.cos(phi);
  return [point[0] + degrees(east / alongParallel), point[1] + degrees(north / alongMeridian)];
}

/** The position that `toGcj02` brings here, corrected by its own error until there is none. */
export function fromGcj02(point: Position): Position {
  if (!inBox(point)) return point;
  let found = point;
  for (let i = 0; i < 30; i++) {
    const reached = toGcj02(found);
    const [dx, dy] = [point[0] - reached[0], point[1] - reached[1]];
    found = [found[0] + dx, found[1] + dy];
    if (Math.max(Math.abs(dx), Math.abs(dy)) < PRECISION) break;
  }
  return found;
}

type Nested = number | Nested[];

/** Between what the board means and where the map below has it. */
export class Frame {
  constructor(private readonly datum: Datum) {}

  shown(point: Position): Position {
    return this.datum === "gcj02" ? toGcj02(point) : point;
  }

  meant(point: Position): Position {
    return this.datum === "gcj02" ? fromGcj02(point) : point;
  }

  box([west, south, east, north]: Box): Box {
    return [...this.shown([west, south]), ...this.shown([east, north])] as Box;
  }

  /** A collection as it is drawn; the given one stays as it is. */
  collection(given: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
    if (this.datum !== "gcj02") return given;
    const features = given.features.map((one) => {
      if (!one.geometry || one.geometry.type === "GeometryCollection") return one;
      const coordinates = this.moved(one.geometry.coordinates as Nested[]);
      return { ...one, geometry: { ...one.geometry, coordinates } as GeoJSON.Geometry };
    });
    return { ...given, features };
  }

  private moved(nested: Nested[]): Nested[] {
    if (typeof nested[0] === "number") return this.shown([nested[0], nested[1] as number]);
    return nested.map((one) => this.moved(one as Nested[]));
  }
}
