import { expect, test } from "vitest";
import { formIn } from "./steps";

test("a step's form is taken out of its page, and htmx has no part in it", () => {
  const form = formIn(
    '<main><form class="step-form" action="/x/" method="post" hx-post="/x/" hx-target="this"><input name="note"></form></main>',
  );
  expect(form?.getAttribute("action")).toBe("/x/");
  expect(form?.hasAttribute("hx-post")).toBe(false);
  expect(form?.querySelector("input")?.name).toBe("note");
});

test("a page without a step has no form", () => {
  expect(formIn("<form class='other'></form>")).toBeUndefined();
});
