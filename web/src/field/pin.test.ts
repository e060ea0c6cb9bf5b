import { expect, test } from "vitest";
import { isPin, isPlain, waitLeft } from "./pin";

test("five wrong PINs are free, then each waits longer", () => {
  const waits = [0, 1, 4, 5, 6, 7, 8, 9].map((failed) => waitLeft({ failed, at: 0 }, 0) / 1000);
  expect(waits).toEqual([0, 0, 0, 30, 60, 120, 300, 900]);
});

test("a wait passes, and a clock set back begins it anew", () => {
  expect(waitLeft({ failed: 5, at: 1_000 }, 21_000)).toBe(10_000);
  expect(waitLeft({ failed: 5, at: 1_000 }, 40_000)).toBe(0);
  expect(waitLeft({ failed: 5, at: 1_000 }, 0)).toBe(30_000);
});

test("a PIN is six digits, and not those that anybody tries first", () => {
  expect([isPin("482913"), isPin("48291"), isPin("48291a")]).toEqual([true, false, false]);
  expect(["111111", "123456", "654321", "482913", "112233"].map(isPlain)).toEqual([true, true, true, false, false]);
});
