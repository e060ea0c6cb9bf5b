import { beforeEach, expect, it, vi } from "vitest";
import { startForms } from "./forms";
import { useTexts } from "./texts";

useTexts({ characters: "{used}/{most}" });
startForms();

const submit = (form: HTMLFormElement, submitter?: HTMLElement) => {
  const event = new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter: submitter ?? null });
  form.dispatchEvent(event);
  return !event.defaultPrevented;
};

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = `<form method="post"><button>send</button></form>
    <form id="file" method="post" data-download></form><form id="get" method="get"></form>
    <form id="ask" method="post" data-confirm="Sure?"></form>`;
});

it("sends a form once until it is given back", () => {
  const form = document.querySelector("form")!;
  const button = form.querySelector("button")!;
  expect(submit(form, button)).toBe(true);
  expect(button.getAttribute("aria-busy")).toBe("true");
  expect(submit(form, button)).toBe(false);
  vi.advanceTimersByTime(20_001);
  expect(button.hasAttribute("aria-busy")).toBe(false);
  expect(submit(form, button)).toBe(true);
});

it("gives a download's form back at once", () => {
  const form = document.querySelector<HTMLFormElement>("#file")!;
  expect(submit(form)).toBe(true);
  expect(submit(form)).toBe(false);
  vi.advanceTimersByTime(1_501);
  expect(submit(form)).toBe(true);
});

it("lets a search be sent as often as one likes", () => {
  const form = document.querySelector<HTMLFormElement>("#get")!;
  expect([submit(form), submit(form)]).toEqual([true, true]);
});

it("asks before what cannot be taken back", () => {
  const form = document.querySelector<HTMLFormElement>("#ask")!;
  const ask = vi.fn(() => false);
  vi.stubGlobal("confirm", ask);
  expect(submit(form)).toBe(false);
  expect(form.dataset["sent"]).toBeUndefined();
  ask.mockReturnValue(true);
  expect(submit(form)).toBe(true);
  expect(ask).toHaveBeenCalledWith("Sure?");
});
