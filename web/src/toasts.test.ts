import { beforeEach, expect, it } from "vitest";
import { useTexts } from "./texts";
import { problemText, toast } from "./toasts";

beforeEach(() => {
  useTexts({ failed: "failed ({status})", close: "Close" });
  document.body.innerHTML = "";
});

it("says a refusal in the server's words", () => {
  const problem = JSON.stringify({ title: "Conflict", detail: "Somebody was faster.", code: "wrong-step" });
  expect(problemText("application/problem+json", problem, 409)).toBe("Somebody was faster.");
  expect(problemText("text/html", `<html><p data-problem> Not
    here </p></html>`, 404)).toBe("Not here");
  expect(problemText("application/problem+json", "{broken", 500)).toBe("failed (500)");
  expect(problemText("text/html", "<h1>proxy</h1>", 502)).toBe("failed (502)");
});

it("shows words as words, never as markup", () => {
  toast("<img src=x onerror=alert(1)>", { kind: "problem" });
  const item = document.querySelector(".toast")!;
  expect(item.querySelector("img")).toBeNull();
  expect(item.getAttribute("role")).toBe("alert");
  item.querySelector("button")!.click();
  expect(document.querySelector(".toast")).toBeNull();
});
