/** The list on the left: what needs me, and the open incidents by their deadline. */
import { html, nothing, type TemplateResult } from "lit";
import { level, remaining } from "../remaining";
import { text } from "../texts";

export interface Duty {
  id: string;
  title: string;
  about_kind: string;
  about_id: string;
  link: string;
  due_at: string | null;
  warn_at: string | null;
  starts_at: string;
  left: string;
  paused: boolean;
  label: string;
}

export interface Listed {
  id: string;
  title: string;
  township: string | null;
  village: string | null;
  unit: string | null;
  due_at: string | null;
}

/** One line of either list. `incident`: what picking it picks, "" where the line leads to a page. */
export interface Line {
  key: string;
  incident: string;
  link: string;
  title: string;
  /** Where it is; "" for what needs me, whose note says everything. */
  place: string;
  note: string;
  due_at: string | null;
  left: string;
  paused: boolean;
  warn?: number | undefined;
  from?: number | undefined;
}

export function ofDuty(duty: Duty): Line {
  const { id, title, link, due_at, left, paused, label } = duty;
  const about = duty.about_kind === "incidents.incident" ? duty.about_id : "";
  const warn = duty.warn_at === null ? undefined : Date.parse(duty.warn_at);
  return { key: id, incident: about, link, title, place: "", note: label, due_at, left, paused, warn, from: Date.parse(duty.starts_at) };
}

export function ofIncident(row: Listed): Line {
  const { id, title, due_at } = row;
  const [place, note] = [row.village ?? row.township ?? "", row.unit ?? ""];
  return { key: id, incident: id, link: `/incidents/${id}/`, title, place, note, due_at, left: "", paused: false };
}

/** When it is due, in milliseconds; what stands still or has no deadline comes after everything. */
export function rank(line: Line): number {
  return line.paused || line.due_at === null ? Infinity : Date.parse(line.due_at);
}

/** By remaining time: what is overdue longest first, what has no deadline or stands still last. */
export function sorted(lines: readonly Line[]): Line[] {
  return [...lines].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? 0 : x - y;
  });
}

const HOUR = 3_600_000;

/** Which list a board opens on: mine only where something of it is overdue or due within the hour. */
export function openedOn(mine: readonly Line[], now: number): "mine" | "worst" {
  return mine.some((line) => rank(line) < now + HOUR) ? "mine" : "worst";
}

function clock(line: Line, now: number): TemplateResult {
  if (line.paused) return html`<span class="clock" data-level="paused">${line.left}</span>`;
  if (line.due_at === null) return html`<span class="soft small">${text("board.no deadline")}</span>`;
  const due = Date.parse(line.due_at);
  return html`<time class="clock" datetime=${line.due_at} data-level=${level(now, due, line.warn, line.from)}>${remaining(now, due)}</time>`;
}

export function lines(
  rows: readonly Line[], now: number, picked: string, pick: (line: Line, event: MouseEvent) => void,
): TemplateResult {
  return html`<ul class="board-lines" data-list>
    ${rows.map(
      (line) => html`<li data-row aria-current=${line.incident !== "" && line.incident === picked ? "true" : nothing}>
        <a href=${line.link} data-open @click=${(event: MouseEvent) => pick(line, event)}>${line.title}</a>
        <span class="note-text">${[line.place, line.note].filter(Boolean).join(" · ")}</span>
        ${clock(line, now)}
      </li>`,
    )}
  </ul>`;
}
