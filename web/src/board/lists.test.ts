import { expect, test } from "vitest";
import { type Line, openedOn, sorted } from "./lists";

const line = (key: string, due_at: string | null, paused = false): Line => ({
  key, due_at, paused, incident: "", link: "", title: "", place: "", note: "", left: "",
});

test("what is longest overdue is first; what stands still or has no deadline is last, in the order it came", () => {
  const rows = [
    line("none", null),
    line("later", "2026-04-09T08:00:00Z"),
    line("paused", "2026-04-01T08:00:00Z", true),
    line("overdue", "2026-04-02T08:00:00+08:00"),
  ];
  expect(sorted(rows).map((one) => one.key)).toEqual(["overdue", "later", "none", "paused"]);
});

test("a board opens on mine only where something of it presses", () => {
  const now = Date.parse("2026-04-09T08:00:00Z");
  expect(openedOn([], now)).toBe("worst");
  expect(openedOn([line("later", "2026-04-09T09:00:01Z"), line("none", null), line("paused", "2026-04-01T08:00:00Z", true)], now)).toBe("worst");
  expect(openedOn([line("soon", "2026-04-09T08:59:00Z")], now)).toBe("mine");
  expect(openedOn([line("overdue", "2026-04-09T07:00:00Z")], now)).toBe("mine");
});
