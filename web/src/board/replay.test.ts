import { expect, test } from "vitest";
import { clock, type Day, dayOf, Replay } from "./replay";

const ID = { old: "a", fresh: "b" };
const day: Day = {
  from: "2026-05-04T00:00:00+08:00",
  to: "2026-05-05T00:00:00+08:00",
  start: [[ID.old, "filed", 114, 36, "city", false, false, "2026-05-04T04:00:00Z"]],
  changes: [
    [3600 * 9 + 5, ID.fresh, "awaiting", 114.1, 36.1, "hazard", true, false, null],
    [3600 * 10, ID.old, "filed", 114, 36, "city", false, true, "2026-05-04T04:00:00Z"],
    [3600 * 14, ID.old, "closed", 114, 36, "city", false, false, null],
  ],
};

test("a moment shows what was open then, forwards and backwards", () => {
  const replay = new Replay(day);
  expect([...replay.rows.all()].map((row) => row.id)).toEqual([ID.old]);
  expect(replay.go(3600 * 12)).toBe(true);
  expect([...replay.rows.all()].map((row) => row.id).sort()).toEqual([ID.old, ID.fresh]);
  expect(replay.go(3600 * 12 + 60)).toBe(false);
  replay.go(3600 * 15);
  expect([...replay.rows.all()].map((row) => row.id)).toEqual([ID.fresh]);
  replay.go(60);
  expect([...replay.rows.all()].map((row) => row.id)).toEqual([ID.old]);
});

test("urgency is that of the moment that is shown", () => {
  const replay = new Replay(day);
  replay.go(3600 * 11);
  expect(replay.rows.mark(replay.now).split(" ")[3]).toBe("0");
  replay.go(3600 * 13);
  expect(replay.rows.mark(replay.now).split(" ")[3]).toBe("1");
});

test("the load counts what came in, and every supervision is a moment to jump to", () => {
  const replay = new Replay(day);
  expect(replay.load[9]).toBe(1);
  expect(replay.load.reduce((sum, one) => sum + one)).toBe(1);
  expect(replay.supervised).toEqual([3600 * 10]);
});

test("a moment outside the day is its nearest end", () => {
  const replay = new Replay(day);
  replay.go(-5);
  expect(replay.at).toBe(0);
  replay.go(10 ** 9);
  expect(replay.at).toBe(86_400);
});

test("hours and days are China's", () => {
  expect(clock(3600 * 9 + 305)).toBe("09:05");
  expect(dayOf(Date.parse("2026-05-03T16:30:00Z"))).toBe("2026-05-04");
  expect(dayOf(Date.parse("2026-05-03T16:30:00Z"), -1)).toBe("2026-05-03");
});
