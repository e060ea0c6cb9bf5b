import { expect, test } from "vitest";
import { Figures, tally } from "./figures";
import { Rows } from "./rows";

const NOW = Date.parse("2026-04-08T08:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const row = (id: string, minutes: number, placed = true) => ({
  id, longitude: placed ? 114 : null, latitude: placed ? 36 : null, klass: "city", status: "filed", urgent: false,
  supervised: false, due_at: at(minutes),
});
const figure = (key: string, value: number) => ({ key, label: key, value, link: "", tone: "" });
const shown = (figures: Figures, rows: Rows, now = NOW) =>
  Object.fromEntries(figures.shown(tally(rows, now)).map((one) => [one.key, one.value]));

function begun(): { figures: Figures; rows: Rows; hear: (position: number, does: () => void, closed?: boolean) => void } {
  // The server counted one more than the map knows: it has no point.
  const figures = new Figures([figure("open", 3), figure("due_hour", 1), figure("overdue", 0), figure("closed_today", 4)], 10);
  const rows = new Rows();
  rows.put(row("a", 30));
  rows.put(row("b", 600));
  expect(figures.begin(10, tally(rows, NOW))).toBe(true);
  const hear = (position: number, does: () => void, closed = false) => {
    const before = tally(rows, NOW);
    does();
    figures.heard(position, before, tally(rows, NOW), closed);
  };
  return { figures, rows, hear };
}

test("the figures move with what is heard, also of what is on no map", () => {
  const { figures, rows, hear } = begun();
  hear(11, () => rows.put(row("c", -5)));
  hear(12, () => rows.put(row("d", 40, false)));
  hear(13, () => rows.drop("a"), true);
  expect(shown(figures, rows)).toEqual({ open: 4, due_hour: 1, overdue: 1, closed_today: 5 });
});

test("what the server had counted is not counted twice", () => {
  const { figures, rows, hear } = begun();
  figures.take([figure("open", 4), figure("closed_today", 5)], 12, tally(rows, NOW));
  hear(11, () => rows.put(row("c", 90)));
  hear(12, () => rows.drop("a"), true);
  expect(shown(figures, rows)).toEqual({ open: 4, closed_today: 5 });
  hear(13, () => rows.drop("b"));
  expect(shown(figures, rows)).toEqual({ open: 3, closed_today: 5 });
});

test("time alone moves what is due to overdue", () => {
  const { figures, rows } = begun();
  expect(shown(figures, rows, NOW + 31 * 60_000)).toMatchObject({ due_hour: 0, overdue: 1 });
});

test("rows of another time than the figures are not trusted", () => {
  const figures = new Figures([figure("open", 3)], 10);
  expect(figures.begin(11, tally(new Rows(), NOW))).toBe(false);
});
