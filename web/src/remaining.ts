/** How long is left and how urgent that is. The server says the same with the same rules (assembly/urgency.py);
 * tests/vectors/remaining.json holds both to it. */
import { text } from "./texts";

export type Level = "calm" | "soon" | "due" | "overdue";

const MINUTE = 60_000;

/** Overdue from `due`; due from `warn`; soon for as long before `warn` as `warn` lies before `due`.
 * Without a warning time, the last fifth of the whole counts as one, or the last half hour where the start is unknown. */
export function level(now: number, due: number, warn?: number, from?: number): Level {
  const lead = due - (warn ?? (from === undefined ? due - 30 * MINUTE : due - (due - from) / 5));
  if (now >= due) return "overdue";
  if (now >= due - lead) return "due";
  if (now >= due - 2 * lead) return "soon";
  return "calm";
}

/** "3 d 4 h", "1 h 20 min", "under 1 min": the two largest parts, rounded down. */
export function span(milliseconds: number): string {
  const total = Math.floor(Math.abs(milliseconds) / MINUTE);
  const days = Math.floor(total / 1440);
  const hours = Math.floor((total % 1440) / 60);
  const minutes = total % 60;
  if (days && hours) return text("span.dh", { days, hours });
  if (days) return text("span.d", { days });
  if (hours && minutes) return text("span.hm", { hours, minutes });
  if (hours) return text("span.h", { hours });
  if (minutes) return text("span.m", { minutes });
  return text("span.now");
}

/** "1 h 20 min left" or "5 min overdue". */
export function remaining(now: number, due: number): string {
  return text(now < due ? "left" : "over", { span: span(due - now) });
}
