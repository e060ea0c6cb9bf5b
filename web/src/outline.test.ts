import { describe, expect, it } from "vitest";
import { type Feature, boundsOf, featureAt, Projection } from "./outline";

const square = (name: string, west: number, south: number, size: number, hole?: number): Feature => {
  const ring = (inset: number) => [
    [west + inset, south + inset],
    [west + size - inset, south + inset],
    [west + size - inset, south + size - inset],
    [west + inset, south + size - inset],
    [west + inset, south + inset],
  ];
  return { properties: { name }, geometry: { type: "Polygon", coordinates: hole ? [ring(0), ring(hole)] : [ring(0)] } };
};

describe("the outline of a district", () => {
  const features = [square("a", 114, 36, 0.1, 0.04), square("b", 114.1, 36, 0.1), { properties: null, geometry: null }];

  it("finds the area of a point, and none in a hole or outside", () => {
    expect(featureAt(features, [114.01, 36.01])).toBe(0);
    expect(featureAt(features, [114.15, 36.05])).toBe(1);
    expect(featureAt(features, [114.05, 36.05])).toBe(-1);
    expect(featureAt(features, [113.9, 36.05])).toBe(-1);
  });

  it("reads several polygons of one area", () => {
    const [one, two] = [square("x", 0, 0, 1), square("x", 5, 5, 1)];
    const both = {
      properties: { name: "x" },
      geometry: { type: "MultiPolygon", coordinates: [one, two].map((f) => (f!.geometry as { coordinates: number[][][] }).coordinates) },
    } as Feature;
    expect(featureAt([both], [0.5, 0.5])).toBe(0);
    expect(featureAt([both], [5.5, 5.5])).toBe(0);
    expect(featureAt([both], [3, 3])).toBe(-1);
    expect(boundsOf([both])).toEqual([0, 0, 6, 6]);
  });

  it("projects there and back, and keeps shapes true", () => {
    const projection = new Projection(boundsOf(features));
    for (const point of [[114, 36], [114.2, 36.1], [114.07, 36.033]] as [number, number][]) {
      const [x, y] = projection.forward(point);
      const back = projection.back([x, y]);
      expect(back[0]).toBeCloseTo(point[0], 9);
      expect(back[1]).toBeCloseTo(point[1], 9);
    }
    // A kilometre east is as long as a kilometre north.
    const [x0, y0] = projection.forward([114.1, 36.05]);
    const [x1] = projection.forward([114.1 + 1 / (111.32 * Math.cos((36.05 * Math.PI) / 180)), 36.05]);
    const [, y1] = projection.forward([114.1, 36.05 + 1 / 111.32]);
    expect(x1 - x0).toBeCloseTo(y0 - y1, 6);
  });
});
