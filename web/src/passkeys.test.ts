import { beforeEach, expect, it } from "vitest";
import { startPasskeys } from "./passkeys";
import { useTexts } from "./texts";

startPasskeys();

beforeEach(() => {
  useTexts({ passkey_stopped: "stopped", passkey_failed: "failed", passkey_address: "not here", close: "Close" });
  document.body.innerHTML = "";
});

function happens(tags: string[], exception: unknown): boolean {
  return document.dispatchEvent(new CustomEvent("allauth.error", { detail: { tags, exception }, cancelable: true }));
}

it("says why a passkey was not used, and the library need not log it", () => {
  expect(happens(["mfa", "webauthn"], new DOMException("x", "NotAllowedError"))).toBe(false);
  expect(document.querySelector(".toast p")?.textContent).toBe("stopped");
});

it("knows the address that takes no passkeys, and a reason it does not know", () => {
  happens(["webauthn"], new DOMException("x", "SecurityError"));
  happens(["webauthn"], new Error("No data"));
  expect([...document.querySelectorAll(".toast p")].map((one) => one.textContent)).toEqual(["not here", "failed"]);
});

it("leaves the library's other errors alone", () => {
  expect(happens(["account"], new Error("x"))).toBe(true);
  expect(document.querySelector(".toast")).toBeNull();
});
