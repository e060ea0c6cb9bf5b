import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/datums.json";
import type { Position } from "../outline";
import { Frame, fromGcj02, toGcj02 } from "./datum";

test.each(vectors.points)("$name lies where the kernel says", ({ wgs84, gcj02 }) => {
  const [x, y] = toGcj02(wgs84 as Position);
  expect(x).toBeCloseTo(gcj02[0] ?? 0, 9);
  expect(y).toBeCloseTo(gcj02[1] ?? 0, 9);
  const back = fromGcj02(gcj02 as Position);
  expect(back[0]).toBeCloseTo(wgs84[0] ?? 0, 9);
  expect(back[1]).toBeCloseTo(wgs84[1] ?? 0, 9);
});

test("a collection is drawn elsewhere, whole, and what was given stays", () => {
  const ring: Position[] = [[114.3, 36.1], [114.4, 36.1], [114.4, 36.2], [114.3, 36.1]];
  const given: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: [
      { type: "Feature", properties: { name: "东村" }, geometry: { type: "MultiPolygon", coordinates: [[ring]] } },
      { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [114.3, 36.1] } },
    ],
  };
  const frame = new Frame("gcj02");
  const [area, point] = frame.collection(given).features;
  expect(area?.properties).toEqual({ name: "东村" });
  expect((area?.geometry as GeoJSON.MultiPolygon).coordinates).toEqual([[ring.map(toGcj02)]]);
  expect((point?.geometry as GeoJSON.Point).coordinates).toEqual(toGcj02([114.3, 36.1]));
  expect((given.features[1]?.geometry as GeoJSON.Point).coordinates).toEqual([114.3, 36.1]);
  expect(new Frame("wgs84").collection(given)).toBe(given);
});
