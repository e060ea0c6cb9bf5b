import { expect, test } from "vitest";
import { backOff, clockOff, isOver, renewed, serverNow } from "./lease";

const HOUR = 3600_000;
const NOON = Date.parse("2026-05-04T12:00:00Z");

test("the lease is the server's, whatever the phone's clock shows", () => {
  const slow = NOON - HOUR; // the phone is an hour slow
  const lease = renewed("2026-05-05T12:00:00Z", "2026-05-04T12:00:00Z", slow - 200, slow + 200);
  expect(lease.offset).toBe(HOUR);
  expect(serverNow(lease, slow + 10 * HOUR)).toBe(NOON + 10 * HOUR);
  expect([23.9, 24.1].map((hours) => isOver(lease, slow + hours * HOUR))).toEqual([false, true]);
  expect(clockOff(lease)).toBe(-60);
});

test("setting the clock back gains no time", () => {
  const lease = { until: NOON + HOUR, offset: 0, seen: NOON + 2 * HOUR };
  expect(isOver(lease, NOON - 5 * HOUR)).toBe(true);
});

test("a clock that is right enough is not spoken of", () => {
  expect(clockOff({ until: 0, offset: 4 * 60_000, seen: 0 })).toBe(0);
  expect(clockOff(undefined)).toBe(0);
});

test("tries come further and further apart, five minutes at most", () => {
  expect([1, 2, 3, 12].map((failed) => backOff(failed, 0.5))).toEqual([2_000, 4_000, 8_000, 300_000]);
});
