/** Calls to the server, each with what the field protocol wants, and the ways in which they fail. */
import { renewed, type Lease } from "./lease";

export const VERSION = 1; // of the protocol (foundation/devices/rules.py)
const API = "/api/v1/field";
const PATIENCE = 30_000;

/** Nobody answered, or somebody in between did. */
export class Away extends Error {}

/** The server answered, and not as wished: its code and its words in the person's language. */
export class Refused extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly field = "") {
    super(`${status} ${code}`);
  }
}

function cookie(name: string): string {
  // A service worker has no document; what it sends needs no session either.
  const all = typeof document === "undefined" ? "" : document.cookie;
  return all.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

export interface Asking {
  body?: unknown;
  raw?: BodyInit;
  language?: string;
  session?: boolean;
}

export async function ask<T>(method: string, path: string, asking: Asking = {}): Promise<T> {
  const headers: Record<string, string> = {
    Accept: "application/json",
    "Field-Version": String(VERSION),
    "Field-Clock": new Date().toISOString(),
    "Idempotency-Key": crypto.randomUUID(),
    "X-CSRFToken": cookie("csrftoken"),
  };
  if (asking.language) headers["Accept-Language"] = asking.language;
  if (asking.body !== undefined) headers["Content-Type"] = "application/json";
  if (asking.raw !== undefined) headers["Content-Type"] = "image/jpeg";
  const body = asking.raw ?? (asking.body === undefined ? null : JSON.stringify(asking.body));
  const credentials = asking.session === false ? "omit" : "same-origin";
  let answer: Response;
  let given: unknown;
  try {
    const address = path.startsWith("/api/") ? path : API + path;
    const how = { method, headers, body, credentials, cache: "no-store", redirect: "error" } as const;
    answer = await fetch(address, { ...how, signal: AbortSignal.timeout(PATIENCE) });
    given = answer.status === 204 ? null : await answer.json();
  } catch {
    throw new Away(); // no line, or a portal's page where an answer should be
  }
  if (answer.ok) return given as T;
  if (answer.status === 429 || answer.status >= 500) throw new Away();
  const problem = given as { code?: string; detail?: string; title?: string; field?: string };
  throw new Refused(answer.status, problem.code ?? "", problem.detail ?? problem.title ?? "", problem.field);
}

/** The same for an answer that says until when the phone may be read and what time it is. */
export async function heard<T extends { lease_until: string; now: string }>(
  method: string, path: string, asking: Asking = {},
): Promise<{ answer: T; lease: Lease }> {
  const sent = Date.now();
  const answer = await ask<T>(method, path, asking);
  return { answer, lease: renewed(answer.lease_until, answer.now, sent, Date.now()) };
}

