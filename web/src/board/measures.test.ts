import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/measures.json";
import type { Position } from "../outline";
import { along, areaIn, lengthIn, mu, squareMetres } from "./measures";

test.each(vectors.lines)("$name is as long as the kernel says", ({ points, metres }) => {
  const found = along(points as Position[]);
  expect(found[0]).toBe(0);
  expect(Math.abs((found.at(-1) ?? 0) / metres - 1)).toBeLessThan(2e-6);
});

test.each(vectors.areas)("$name is as large as the kernel says", ({ points, squareMetres: size }) => {
  expect(Math.abs(squareMetres(points as Position[]) / size - 1)).toBeLessThan(2e-6);
  expect(squareMetres([...points].reverse() as Position[])).toBeCloseTo(squareMetres(points as Position[]), 0);
});

test("what is measured is said in the unit that fits", () => {
  expect(lengthIn(356.4)).toEqual({ unit: "m", value: 356.4, digits: 0 });
  expect(lengthIn(999.6).unit).toBe("km");
  expect(lengthIn(12_345)).toEqual({ unit: "km", value: 12.345, digits: 1 });
  expect(areaIn(6_667).unit).toBe("m2");
  expect(areaIn(1_500_000)).toEqual({ unit: "km2", value: 1.5, digits: 2 });
  expect(mu(10_000)).toBeCloseTo(15, 9); // one hectare
});
