import { beforeEach, expect, it } from "vitest";
import { tick } from "./clocks";
import { useTexts } from "./texts";

beforeEach(() => useTexts({ "span.m": "{minutes} min", "span.now": "under 1 min", left: "{span} left", over: "{span} overdue" }));

it("changes words and level as time passes, and leaves paused clocks alone", () => {
  document.body.innerHTML = `
    <time id="a" data-due="2026-04-17T08:10:00+00:00" data-warn="2026-04-17T08:05:00+00:00">x</time>
    <span id="b" data-due="2026-04-17T08:10:00+00:00" data-paused>paused</span>
    <span id="c" data-due="not a time">unknown</span>`;
  const clock = document.getElementById("a")!;
  const at = (minute: number) => {
    tick(document, Date.UTC(2026, 3, 17, 8, minute));
    return `${clock.textContent} ${clock.dataset["level"]}`;
  };
  expect(at(-3)).toBe("13 min left calm");
  expect(at(0)).toBe("10 min left soon");
  expect(at(5)).toBe("5 min left due");
  expect(at(10)).toBe("under 1 min overdue overdue");
  expect(at(14)).toBe("4 min overdue overdue");
  expect(document.getElementById("b")!.textContent).toBe("paused");
  expect(document.getElementById("c")!.textContent).toBe("unknown");
});
