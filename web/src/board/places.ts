/** Coordinates that somebody types, in the datum they name. The sums are those of kernels/geodesy. */
export interface Point {
  longitude: number;
  latitude: number;
  datum: string;
}

const A = 6378245.0;
const EE = 0.00669342162296594323;
const PAIR = /^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*(wgs-?84|cgcs-?2000|gcj-?02|bd-?09)?\s*$/i;

/** "119.3,26.08 GCJ-02", either order where only one makes sense; undefined where it is no pair. */
export function coordinates(words: string): Point | undefined {
  const found = PAIR.exec(words);
  if (!found) return undefined;
  let [x, y] = [Number(found[1]), Number(found[2])];
  if (Math.abs(y) > 90 && Math.abs(x) <= 90) [x, y] = [y, x];
  if (Math.abs(x) > 180 || Math.abs(y) > 90) return undefined;
  const key = (found[3] ?? "").replace("-", "").toLowerCase();
  const datum = { gcj02: "GCJ-02", bd09: "BD-09", cgcs2000: "CGCS2000" }[key] ?? "WGS 84";
  if (key === "bd09") [x, y] = back(toBd, [x, y]);
  if (key === "bd09" || key === "gcj02") [x, y] = back(toGcj, [x, y]);
  return { longitude: x, latitude: y, datum };
}

export function toGcj(x: number, y: number): [number, number] {
  const [u, v] = [x - 105, y - 35];
  const wave = (of: number, a: number, b: number) => a * Math.sin(of * Math.PI) + b * Math.sin((of / 3) * Math.PI);
  const both = ((20 * Math.sin(6 * u * Math.PI) + 20 * Math.sin(2 * u * Math.PI)) * 2) / 3;
  let north = -100 + 2 * u + 3 * v + 0.2 * v * v + 0.1 * u * v + 0.2 * Math.sqrt(Math.abs(u)) + both;
  north += (wave(v, 20, 40) * 2) / 3;
  north += ((160 * Math.sin((v / 12) * Math.PI) + 320 * Math.sin((v * Math.PI) / 30)) * 2) / 3;
  let east = 300 + u + 2 * v + 0.1 * u * u + 0.1 * u * v + 0.1 * Math.sqrt(Math.abs(u)) + both;
  east += (wave(u, 20, 40) * 2) / 3;
  east += ((150 * Math.sin((u / 12) * Math.PI) + 300 * Math.sin((u / 30) * Math.PI)) * 2) / 3;
  const lat = (y / 180) * Math.PI;
  const magic = 1 - EE * Math.sin(lat) ** 2;
  const root = Math.sqrt(magic);
  return [
    x + (east * 180) / ((A / root) * Math.cos(lat) * Math.PI),
    y + (north * 180) / (((A * (1 - EE)) / (magic * root)) * Math.PI),
  ];
}

export function toBd(x: number, y: number): [number, number] {
  const turn = (Math.PI * 3000) / 180;
  const z = Math.hypot(x, y) + 0.00002 * Math.sin(y * turn);
  const angle = Math.atan2(y, x) + 0.000003 * Math.cos(x * turn);
  return [z * Math.cos(angle) + 0.0065, z * Math.sin(angle) + 0.006];
}

/** The position that `forwards` brings to the wanted one; each round wins two digits or more. */
function back(forwards: (x: number, y: number) => [number, number], wanted: [number, number]): [number, number] {
  let [x, y] = wanted;
  for (let i = 0; i < 12; i++) {
    const [rx, ry] = forwards(x, y);
    [x, y] = [x + wanted[0] - rx, y + wanted[1] - ry];
  }
  return [x, y];
}
