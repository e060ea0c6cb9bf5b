import { expect, it } from "vitest";
import { rowLinks, step } from "./keyboard";

it("moves between the rows' own links and stops at the ends", () => {
  document.body.innerHTML = `<table data-list>
    <tr data-row><td><a href="#1">1</a> <a href="#x">x</a></td></tr>
    <tr data-row><td><a href="#y">y</a> <button data-open>2</button></td></tr>
    <tr><td><a href="#not-a-row">no</a></td></tr>
    <tr data-row><td>nothing to open</td></tr>
  </table>`;
  const links = rowLinks(document.querySelector("[data-list]")!);
  expect(links.map((link) => link.textContent)).toEqual(["1", "2"]);
  expect(step(links, null, "ArrowDown")).toBe(links[0]);
  expect(step(links, links[0]!, "ArrowDown")).toBe(links[1]);
  expect(step(links, links[1]!, "ArrowDown")).toBe(links[1]);
  expect(step(links, links[0]!, "ArrowUp")).toBe(links[0]);
  expect(step(links, links[0]!, "End")).toBe(links[1]);
  expect(step(links, null, "ArrowUp")).toBeUndefined();
  expect(step(links, links[0]!, "a")).toBeUndefined();
});
