/** Lengths and areas on the ellipsoid of WGS 84, for what is measured within one district: lengths by the radii of
 * curvature in the middle of each piece, areas on the sphere of the same surface. tests/vectors/measures.json holds
 * them to the kernel (PROJ). */
import type { Position } from "../outline";

const A = 6378137;
const E2 = 0.00669437999014;
const E = Math.sqrt(E2);
const MU = 2000 / 3; // square metres
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Metres; less than two millionths off up to 50 km, more beyond. */
export function metres([x1, y1]: Position, [x2, y2]: Position): number {
  const middle = radians((y1 + y2) / 2);
  const w2 = 1 - E2 * Math.sin(middle) ** 2;
  const north = ((A * (1 - E2)) / w2 ** 1.5) * radians(y2 - y1);
  const turn = radians(((x2 - x1 + 540) % 360) - 180);
  const bow = 1 - (turn * Math.sin(middle)) ** 2 / 24; // the way bows towards the pole
  const east = (A / Math.sqrt(w2)) * Math.cos(middle) * turn * bow;
  return Math.hypot(north, east);
}

/** Metres from the first point to each. */
export function along(points: readonly Position[]): number[] {
  let total = 0;
  return points.map((point, i) => (total += i ? metres(points[i - 1] as Position, point) : 0));
}

function q(latitude: number): number {
  const s = Math.sin(latitude);
  return (1 - E2) * (s / (1 - E2 * s * s) - Math.log((1 - E * s) / (1 + E * s)) / (2 * E));
}

const POLE = q(Math.PI / 2);
const RADIUS2 = (A * A * POLE) / 2;

/** Square metres inside a line that is closed by its first point; nothing that crosses itself. */
export function squareMetres(points: readonly Position[]): number {
  let excess = 0;
  points.forEach(([x1, y1], i) => {
    const [x2, y2] = points[(i + 1) % points.length] as Position;
    const [t1, t2] = [y1, y2].map((y) => Math.tan(Math.asin(q(radians(y)) / POLE) / 2)) as [number, number];
    excess += 2 * Math.atan2(Math.tan(radians(x2 - x1) / 2) * (t1 + t2), 1 + t1 * t2);
  });
  return Math.abs(excess) * RADIUS2;
}

export function mu(area: number): number {
  return area / MU;
}

/** How a length is said: metres below a kilometre. */
export function lengthIn(value: number): { unit: "m" | "km"; value: number; digits: number } {
  if (Math.round(value) < 1000) return { unit: "m", value, digits: 0 };
  return { unit: "km", value: value / 1000, digits: value < 10_000 ? 2 : 1 };
}

export function areaIn(value: number): { unit: "m2" | "km2"; value: number; digits: number } {
  if (Math.round(value) < 100_000) return { unit: "m2", value, digits: 0 };
  return { unit: "km2", value: value / 1e6, digits: value < 1e7 ? 2 : 1 };
}
