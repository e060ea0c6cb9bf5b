/** Short notices at the edge; what a request by htmx was refused for is said here, in the server's words. */
import { icon, make } from "./page";
import { text } from "./texts";

interface Problem {
  title?: string;
  detail?: string;
}

export function toast(message: string, options: { kind?: "note" | "problem" } = {}): void {
  const kind = options.kind ?? "note";
  let region = document.getElementById("toasts");
  if (!region) {
    region = make("div", { id: "toasts", class: "toasts" });
    document.body.append(region);
  }
  // A modal dialog is above everything else, so the notice has to be inside it.
  (document.querySelector("dialog[open]") ?? document.body).append(region);
  const close = make("button", { type: "button", "aria-label": text("close") }, icon("close"));
  const item = make(
    "div",
    { class: "toast", role: kind === "problem" ? "alert" : "status" },
    icon(kind === "problem" ? "alert" : "check"),
    make("p", {}, message),
    close,
  );
  close.addEventListener("click", () => item.remove());
  region.append(item);
  // A problem stays until it is closed.
  if (kind === "note") setTimeout(() => item.remove(), 6_000);
}

/** What a refused answer says: problem+json, or the `[data-problem]` part of a page. */
export function problemText(type: string, body: string, status: number): string {
  if (type.includes("json")) {
    try {
      const problem = JSON.parse(body) as Problem;
      return problem.detail || problem.title || text("failed", { status });
    } catch {
      return text("failed", { status });
    }
  }
  const page = new DOMParser().parseFromString(body, "text/html");
  const words = page.querySelector("[data-problem]")?.textContent?.replace(/\s+/g, " ").trim();
  return words || text("failed", { status });
}

interface HtmxContext {
  ctx?: { response?: { status: number; headers: Headers }; text?: string };
}

export function startToasts(): void {
  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = (event as CustomEvent<HtmxContext>).detail;
    const status = ctx?.response?.status ?? 0;
    if (status === 422) return; // the form itself says what is wrong
    toast(problemText(ctx?.response?.headers.get("Content-Type") ?? "", ctx?.text ?? "", status), { kind: "problem" });
  });
  document.addEventListener("htmx:error", () => toast(text("offline"), { kind: "problem" }));
}
