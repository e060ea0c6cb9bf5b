import { expect, test } from "vitest";
import { sendable, withFollowers } from "./queue";
import type { State } from "./store";

const item = (id: string, seq: number, state: State = "waiting", after: string | null = null) => ({ id, seq, state, after });
const ids = (rows: readonly { id: string }[]) => rows.map((one) => one.id).join("");

test("steps go in their order, whatever order they lie in", () => {
  expect(ids(sendable([item("c", 3), item("a", 1), item("b", 2)]))).toBe("abc");
});

test("what builds on a step that waits for a decision waits too, and the rest goes", () => {
  const queue = [item("a", 1, "conflict"), item("b", 2, "waiting", "a"), item("c", 3, "waiting", "b"), item("d", 4)];
  expect(ids(sendable(queue))).toBe("d");
});

test("what arrived is not sent again, what nobody has decided is", () => {
  expect(ids(sendable([item("a", 1, "sent"), item("b", 2, "undecided", "a"), item("c", 3, "kept"), item("d", 4, "refused")]))).toBe("b");
});

test("a step that is let go takes along what builds on it and nothing else", () => {
  const queue = [item("a", 1, "conflict"), item("b", 2, "waiting", "a"), item("c", 3, "waiting", "b"), item("d", 4), item("e", 5, "sent", "a")];
  expect(withFollowers(queue, "a")).toEqual(["a", "b", "c"]);
});
