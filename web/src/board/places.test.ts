import { expect, test } from "vitest";
import { coordinates, toBd, toGcj } from "./places";

// The published points that hold the server's own sums (tests/kernels/geodesy/test_datums.py).
test.each([
  [[121.5272106, 31.1774276], [121.531541859215, 31.17530398364597]],
  [[113.912316, 22.543847], [113.9171764808363, 22.540796131694766]],
  [[116.377817, 39.911954], [116.38404722455657, 39.91334545536069]],
])("GCJ-02 meets the published point %#", (wgs, gcj) => {
  const [x, y] = toGcj(wgs[0] ?? 0, wgs[1] ?? 0);
  expect(x).toBeCloseTo(gcj[0] ?? 0, 9);
  expect(y).toBeCloseTo(gcj[1] ?? 0, 9);
  const back = coordinates(`${gcj[0]},${gcj[1]} GCJ-02`);
  expect(back?.longitude).toBeCloseTo(wgs[0] ?? 0, 8);
  expect(back?.latitude).toBeCloseTo(wgs[1] ?? 0, 8);
  expect(back?.datum).toBe("GCJ-02");
});

test("BD-09 meets the published point", () => {
  const [x, y] = toBd(116.404, 39.915);
  expect(x).toBeCloseTo(116.41036949371029, 9);
  expect(y).toBeCloseTo(39.92133699351021, 9);
  expect(coordinates("116.41661560068297 39.92196580126834 bd09")?.longitude).toBeCloseTo(116.403988, 6);
});

test("without a datum it is WGS 84, in whichever order makes sense", () => {
  expect(coordinates("114.3, 36.1")).toEqual({ longitude: 114.3, latitude: 36.1, datum: "WGS 84" });
  expect(coordinates("36.1，114.3")).toEqual({ longitude: 114.3, latitude: 36.1, datum: "WGS 84" });
});

test.each(["", "114.3", "114.3,136.1", "200,36", "QP20260408-00017", "1,2,3", "114.3,36.1 XYZ"])("%s is no pair", (words) =>
  expect(coordinates(words)).toBeUndefined(),
);
