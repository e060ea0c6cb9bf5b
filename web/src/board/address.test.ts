import { expect, test } from "vitest";
import { hashOf, incidentOf, momentOf, viewOf, withIncident, withMoment } from "./address";

const ID = "0198c0de-0000-7000-8000-000000000007";

test("a view goes into the address and comes back", () => {
  const view = { zoom: 12.5, latitude: 36.1, longitude: 114.3 };
  expect(viewOf(hashOf(view))).toEqual(view);
});

test.each(["", "#", "#12", "#12/36.1", "#12/36.1/114.3/5", "#x/36.1/114.3", "#12/96/114", "#12/36/214", "#12//114"])(
  "%s is no view",
  (hash) => expect(viewOf(hash)).toBeUndefined(),
);

test("an incident in the address is an id or nothing", () => {
  expect(incidentOf(`?incident=${ID}`)).toBe(ID);
  expect(incidentOf("?incident=../../x")).toBe("");
});

test("picking another incident leaves the view as it is", () => {
  expect(withIncident("http://a/board/?x=1#9/36/114", ID)).toBe(`/board/?x=1&incident=${ID}#9/36/114`);
  expect(withIncident(`http://a/board/?incident=${ID}#9/36/114`, "")).toBe("/board/#9/36/114");
});

test("a moment of a past day goes into the address and comes back", () => {
  const there = withMoment(`http://a/board/?incident=${ID}#9/36/114`, "2026-05-04", "09:10");
  expect(there).toBe(`/board/?incident=${ID}&day=2026-05-04&at=09:10#9/36/114`);
  expect(momentOf(new URL(there, "http://a").search)).toEqual({ day: "2026-05-04", seconds: 33_000 });
  expect(withMoment(`http://a${there}`, "", "")).toBe(`/board/?incident=${ID}#9/36/114`);
});

test("a day without a moment begins at its beginning, and what is no day is none", () => {
  expect(momentOf("?day=2026-05-04&at=25:00")).toEqual({ day: "2026-05-04", seconds: undefined });
  expect(momentOf("?day=yesterday&at=09:10")).toBeUndefined();
});
