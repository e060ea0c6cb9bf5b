import { beforeEach, expect, test } from "vitest";
import { Layers } from "./layers";

beforeEach(() => localStorage.clear());

test("each person's layers are as they left them", () => {
  const mine = new Layers(["incidents", "heat"], "mine");
  expect(mine.shown).toEqual({ incidents: true, heat: false });
  mine.switch("heat");
  expect(new Layers(["incidents", "heat", "premises"], "mine").shown).toEqual({ incidents: true, heat: true, premises: true });
  expect(new Layers(["incidents", "heat"], "others").shown).toEqual({ incidents: true, heat: false });
});

test("what cannot be read is as nothing", () => {
  localStorage.setItem("mine", "{broken");
  expect(new Layers(["incidents"], "mine").shown).toEqual({ incidents: true });
});
