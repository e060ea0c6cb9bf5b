import { expect, test } from "vitest";
import type { Line } from "./lists";
import { Worst } from "./worst";

const line = (key: string, hour: number, place = "", note = ""): Line => ({
  key, due_at: new Date(Date.UTC(2026, 3, 8, hour)).toISOString(), place, note, paused: false, incident: key, link: "", title: key, left: "",
});
const keys = (worst: Worst) => worst.lines().map((one) => one.key);

test("what is heard takes its place by its deadline, keeps its place on the ground, and says its new unit", () => {
  const worst = new Worst(4);
  worst.take([line("a", 3, "东村", "城管科"), line("b", 5)]);
  worst.put(line("c", 4));
  worst.put(line("a", 6, "东乡", "环卫所"));
  expect(keys(worst)).toEqual(["c", "b", "a"]);
  expect(worst.lines()[2]).toMatchObject({ place: "东村", note: "环卫所" });
  worst.drop("b");
  expect(keys(worst)).toEqual(["c", "a"]);
  expect(worst.short).toBe(false); // everything is known
});

test("of a list that was cut nothing is said that may be wrong, and too short a one says so", () => {
  const worst = new Worst(4);
  worst.take([line("a", 1), line("b", 2), line("c", 3), line("d", 4)]);
  worst.put(line("e", 9)); // others may be due before it
  worst.put(line("a", 9));
  expect(keys(worst)).toEqual(["b", "c", "d"]);
  expect(worst.short).toBe(false);
  worst.drop("b");
  worst.drop("c");
  expect(worst.short).toBe(true);
});

test("it does not grow for ever", () => {
  const worst = new Worst(2);
  worst.take([line("z", 23)]);
  for (let n = 0; n < 20; n++) worst.put(line(`n${n}`, n));
  expect(keys(worst)).toEqual(["n0", "n1"]);
  worst.put(line("late", 22));
  expect(keys(worst)).toEqual(["n0", "n1"]);
});
