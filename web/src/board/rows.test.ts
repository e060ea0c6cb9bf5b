import { expect, test } from "vitest";
import { type Columns, Rows } from "./rows";

const NOW = Date.parse("2026-04-08T08:00:00Z");
const minutes = (n: number) => new Date(NOW + n * 60_000).toISOString();

function columns(ids: string[], due: (string | null)[], more: Partial<Columns> = {}): Columns {
  const same = <T>(value: T) => ids.map(() => value);
  return {
    id: ids, longitude: same(114.3), latitude: same(36.1), klass: same("city"), status: same("filed"),
    urgent: same(false), supervised: same(false), due_at: due, position: 7, gone: [], whole: false, ...more,
  };
}

test("a whole answer replaces, a change is put beside, what is gone goes", () => {
  const rows = new Rows();
  expect(rows.take(columns(["a", "b"], [null, null], { whole: true }))).toBe(true);
  expect(rows.take(columns(["c"], [null], { gone: ["a", "never there"], position: 9 }))).toBe(true);
  expect([...rows.all()].map((row) => row.id)).toEqual(["b", "c"]);
  expect(rows.position).toBe(9);
  expect(rows.take(columns([], []))).toBe(false);
  rows.take(columns(["z"], [null], { whole: true }));
  expect([...rows.all()].map((row) => row.id)).toEqual(["z"]);
});

test("each is drawn with the urgency of its clock, and what presses stands by itself", () => {
  const rows = new Rows();
  rows.take(columns(["late", "due", "soon", "calm", "none"], [minutes(-1), minutes(20), minutes(45), minutes(90), null]));
  const { heaped, pressing } = rows.features(NOW);
  expect(pressing.map((one) => one.properties.level)).toEqual([3, 2]);
  expect(heaped.map((one) => one.properties.level)).toEqual([1, 0, 0]);
});

test("the map is drawn anew when time moves somebody on", () => {
  const rows = new Rows();
  rows.take(columns(["a"], [minutes(90)]));
  expect(rows.mark(NOW)).toBe(rows.mark(NOW + 60_000));
  expect(rows.mark(NOW)).not.toBe(rows.mark(NOW + 40 * 60_000));
});
