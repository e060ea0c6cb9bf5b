/** The list on the left: what needs me, and the open incidents by their deadline. */
import { html, nothing, type TemplateResult } from "lit";
import { level, remaining } from "../remaining";
import { text } from "../texts";

export interface Duty {
  id: string;
  kind_name: string;
  title: string;
  about_kind: string;
  about_id: string;
  about_label: string;
  link: string;
  state: string;
  due_at: string | null;
  left: string;
  urgent: boolean;
}

export interface Listed {
  id: string;
  number: string;
  title: string;
  township: string | null;
  village: string | null;
  unit: string | null;
  due_at: string | null;
  supervised: boolean;
  urgent: boolean;
  longitude: number | null;
  latitude: number | null;
}

/** One line of either list. `incident`: what picking it picks, "" where the line leads to a page. */
export interface Line {
  key: string;
  incident: string;
  link: string;
  title: string;
  note: string;
  due_at: string | null;
  left: string;
  paused: boolean;
}

export function ofDuty(duty: Duty): Line {
  const about = duty.about_kind === "incidents.incident";
  return {
    key: duty.id,
    incident: about ? duty.about_id : "",
    link: duty.link,
    title: duty.title,
    note: [duty.kind_name, duty.about_label].filter(Boolean).join(" · "),
    due_at: duty.due_at,
    left: duty.left,
    paused: duty.state === "paused",
  };
}

export function ofIncident(row: Listed): Line {
  return {
    key: row.id,
    incident: row.id,
    link: `/incidents/${row.id}/`,
    title: row.title,
    note: [row.village ?? row.township, row.unit].filter(Boolean).join(" · "),
    due_at: row.due_at,
    left: "",
    paused: false,
  };
}

/** By remaining time: what is overdue longest first, what has no deadline or stands still last. */
export function sorted(lines: readonly Line[]): Line[] {
  const rank = (line: Line) => (line.paused || line.due_at === null ? Infinity : Date.parse(line.due_at));
  return [...lines].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? 0 : x - y;
  });
}

function clock(line: Line, now: number): TemplateResult {
  if (line.paused) return html`<span class="clock" data-level="paused">${line.left}</span>`;
  if (line.due_at === null) return html`<span class="soft small">${text("board.no deadline")}</span>`;
  const due = Date.parse(line.due_at);
  return html`<time class="clock" datetime=${line.due_at} data-level=${level(now, due)}>${remaining(now, due)}</time>`;
}

export function lines(
  rows: readonly Line[], now: number, picked: string, pick: (line: Line, event: MouseEvent) => void,
): TemplateResult {
  return html`<ul class="board-lines" data-list>
    ${rows.map(
      (line) => html`<li data-row aria-current=${line.incident !== "" && line.incident === picked ? "true" : nothing}>
        <a href=${line.link} data-open @click=${(event: MouseEvent) => pick(line, event)}>${line.title}</a>
        <span class="note-text">${line.note}</span>
        ${clock(line, now)}
      </li>`,
    )}
  </ul>`;
}
