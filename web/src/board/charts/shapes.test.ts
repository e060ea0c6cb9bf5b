import { expect, test } from "vitest";
import { height, onward, type Shape, shown } from "./shapes";

const shape: Shape = {
  key: "weeks", title: "", kind: "line", labels: ["1", "2", "3"],
  series: [
    { name: "share", share: true, values: [97.25, null, 100], links: ["/a", "", "/c"] },
    { name: "count", share: false, values: [1, 2, 3], links: ["/a", "/b", "/c"] },
  ],
};

test("a share is a percentage, a count is a number, and nothing is nothing", () => {
  expect(shown(shape, { series: 0, at: 0 })).toBe("97.3%");
  expect(shown(shape, { series: 0, at: 1 })).toBe("");
  expect(shown(shape, { series: 1, at: 2 })).toBe("3");
});

test("arrow keys go along the labels and from series to series, and stop at the ends", () => {
  const start = { series: 0, at: 0 };
  expect(onward(shape, start, "ArrowRight")).toEqual({ series: 0, at: 1 });
  expect(onward(shape, start, "ArrowLeft")).toEqual(start);
  expect(onward(shape, start, "ArrowDown")).toEqual({ series: 1, at: 0 });
  expect(onward(shape, start, "End")).toEqual({ series: 0, at: 2 });
});

test("lying bars are walked downwards, and are as high as they are many", () => {
  const lying: Shape = { ...shape, kind: "rows" };
  expect(onward(lying, { series: 0, at: 0 }, "ArrowDown")).toEqual({ series: 0, at: 1 });
  expect(onward(lying, { series: 0, at: 0 }, "ArrowRight")).toEqual({ series: 1, at: 0 });
  expect(height({ ...lying, labels: Array<string>(30).fill("x") })).toBeGreaterThan(height(lying));
});
