import { expect, test } from "vitest";
import { box, grouped, inside, within } from "./inside";

test("a box holds what lies between its corners, in whichever order they were drawn", () => {
  for (const corners of [box([0, 0], [2, 1]), box([2, 1], [0, 0]), box([0, 1], [2, 0])]) {
    expect(inside(corners, [1, 0.5])).toBe(true);
    expect(inside(corners, [3, 0.5])).toBe(false);
    expect(inside(corners, [1, 1.5])).toBe(false);
  }
});

test("a hollow of a polygon is outside", () => {
  const bay: [number, number][] = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
  expect(inside(bay, [2, 0.5])).toBe(true);
  expect(inside(bay, [2, 3])).toBe(false);
  expect(within([{ id: "a", longitude: 0.5, latitude: 1 }, { id: "b", longitude: 2, latitude: 3 }], bay)).toEqual(["a"]);
});

test("refusals are told by their reason, the most frequent first", () => {
  const refused = [{ id: "a", why: "x" }, { id: "b", why: "y" }, { id: "c", why: "y" }];
  expect(grouped(refused)).toEqual([{ why: "y", ids: ["b", "c"] }, { why: "x", ids: ["a"] }]);
});
