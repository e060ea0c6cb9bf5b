import { expect, test } from "vitest";
import { ahead, metres, offers, sorted } from "./ahead";
import { fitted } from "./camera";
import { fitting, moved, toPixel, toPoint, zoomed } from "./sheet";
import { merged, standing, type Answer, type Row } from "./told";

const row = (values: Partial<Row> = {}): Row => ({
  id: "r", version: 3, number: "", status: "dispatched", klass: "city", category: "", title: "", text: "", address: "",
  urgent: false, private: false, supervised: false, longitude: 114, latitude: 36, place: "", reported_at: "", due_at: null,
  photo_reason: "", steps: ["sign"], duties: [], ...values,
});

test("a row stands as it will once the queue has arrived", () => {
  const queue = [{ step: "sign", about: "r", state: "waiting" }, { step: "answer", about: "x", state: "waiting" }];
  const found = ahead(row(), queue);
  expect([found.status, found.queued, offers(found).main, offers(found).aside]).toEqual(["signed", 1, ["start", "answer"], ["extend"]]);
});

test("a step that waits for a decision changes nothing", () => {
  const found = ahead(row(), [{ step: "sign", about: "r", state: "conflict" }]);
  expect([found.status, found.queued, found.stuck]).toEqual(["dispatched", 0, true]);
});

test("more time is asked for by whoever handles", () => {
  expect(offers(ahead(row({ status: "verifying", steps: ["verify", "rework"] }), [])).aside).toEqual([]);
});

test("nearest first, and by deadline without a position", () => {
  const rows = [row({ id: "far", longitude: 114.1, due_at: "2026-05-04T08:00:00Z" }), row({ id: "near", due_at: "2026-05-04T09:00:00Z" }), row({ id: "nowhere", longitude: null })];
  expect(sorted(rows, [114, 36]).map((one) => one.id)).toEqual(["near", "far", "nowhere"]);
  expect(sorted(rows).map((one) => one.id)).toEqual(["far", "near", "nowhere"]);
  expect(Math.round(metres([114, 36], [114, 36.01]))).toBe(1112);
});

test("news change what is held, and the whole takes its place", () => {
  const held = [row({ id: "a" }), row({ id: "b" })];
  const news = { rows: [row({ id: "b", version: 9 }), row({ id: "c" })], gone: ["a"], whole: false };
  expect(merged(held, news).map((one) => [one.id, one.version])).toEqual([["b", 9], ["c", 3]]);
  expect(merged(held, { ...news, whole: true }).map((one) => one.id)).toEqual(["b", "c"]);
});

test("the map's pixels and degrees are each other's", () => {
  const sheet = fitting([114, 36, 114.04, 36.02], 360, 400);
  expect(toPixel(sheet, sheet.centre)).toEqual([180, 200]);
  const [x, y] = toPoint(sheet, toPixel(sheet, [114.01, 36.01]));
  expect([x, y].map((one) => one.toFixed(6))).toEqual(["114.010000", "36.010000"]);
  expect(toPixel(moved(sheet, [30, -20]), sheet.centre).map(Math.round)).toEqual([210, 180]);
  const point = toPoint(sheet, [50, 60]);
  expect(toPixel(zoomed(sheet, 2, [50, 60]), point).map(Math.round)).toEqual([50, 60]);
});

test("a photo's long side is 1,600 at most, and none is made larger", () => {
  expect([fitted(4000, 3000), fitted(3000, 4000), fitted(800, 600)]).toEqual([[1600, 1200], [1200, 1600], [800, 600]]);
});

test("a row stands as the answer to its step says, and as before where the step was not carried out", () => {
  const answer = (result: Answer["result"]): Answer => ({ id: "x", seq: 1, result, code: "", detail: "", state: { id: "r", status: "signed", version: 4, steps: ["start"] } });
  const [done] = standing([row()], [answer("applied")]);
  expect([done?.status, done?.version, done?.steps]).toEqual(["signed", 4, ["start"]]);
  expect(standing([row()], [answer("conflict")])[0]?.status).toBe("dispatched");
});
