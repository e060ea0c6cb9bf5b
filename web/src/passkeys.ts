/** Why a passkey was not made or used: the accounts library only logs it, people are told. */
import { text } from "./texts";
import { toast } from "./toasts";

const REASONS: Record<string, string> = {
  NotAllowedError: "passkey_stopped",
  AbortError: "passkey_stopped",
  InvalidStateError: "passkey_known",
  SecurityError: "passkey_address",
  NotSupportedError: "passkey_address",
  TypeError: "passkey_address",
};

export function startPasskeys(): void {
  document.addEventListener("allauth.error", (event) => {
    const { tags, exception } = (event as CustomEvent<{ tags?: string[]; exception?: unknown }>).detail;
    if (!tags?.includes("webauthn")) return;
    event.preventDefault();
    const name = exception instanceof Error ? exception.name : "";
    toast(text(REASONS[name] ?? "passkey_failed"), { kind: "problem" });
  });
}
