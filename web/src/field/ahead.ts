/** How things stand once the queue has arrived: what the person sees after a step, with or without a network. */
import type { Row } from "./told";

export interface Step {
  step: string;
  about: string | null;
  state: string;
}

/** The steps that a phone takes, those that bring things forward first. */
export const ORDER = ["sign", "start", "answer", "verify", "rework"] as const;
const NEXT: Record<string, { status: string; steps: string[] }> = {
  sign: { status: "signed", steps: ["start", "answer"] },
  start: { status: "handling", steps: ["answer"] },
  answer: { status: "answered", steps: [] },
  verify: { status: "closed", steps: [] },
  rework: { status: "handling", steps: [] },
};
const WITH_UNIT = new Set(["dispatched", "signed", "handling"]);
const COMING = new Set(["waiting", "undecided"]);

export interface Ahead extends Row {
  queued: number;
  stuck: boolean; // a step about it wants the person
}

/** `queue` in its order. */
export function ahead(row: Row, queue: readonly Step[]): Ahead {
  const own = queue.filter((one) => one.about === row.id);
  const found: Ahead = { ...row, queued: 0, stuck: own.some((one) => one.state === "conflict" || one.state === "refused") };
  for (const one of own) {
    if (!COMING.has(one.state)) continue;
    found.queued += 1;
    const next = NEXT[one.step];
    if (next) Object.assign(found, next);
  }
  return found;
}

/** What the person may do now, as large buttons, and what aside. */
export function offers(row: Ahead): { main: string[]; aside: string[] } {
  const main = ORDER.filter((step) => row.steps.includes(step));
  const handles = main.some((step) => step === "sign" || step === "start" || step === "answer");
  return { main, aside: handles && WITH_UNIT.has(row.status) ? ["extend"] : [] };
}

const RADIUS = 6_371_000;

/** Metres between two points in degrees. */
export function metres(a: readonly [number, number], b: readonly [number, number]): number {
  const [x, y] = [((b[0] - a[0]) * Math.PI) / 180, ((b[1] - a[1]) * Math.PI) / 180];
  const middle = (((a[1] + b[1]) / 2) * Math.PI) / 180;
  return Math.hypot(x * Math.cos(middle), y) * RADIUS;
}

/** Nearest first where the phone knows where it is, else what is due first; what has no place or deadline comes last. */
export function sorted<T extends Pick<Row, "longitude" | "latitude" | "due_at">>(
  rows: readonly T[], here?: readonly [number, number],
): T[] {
  const rank = (row: T) => {
    if (!here) return row.due_at === null ? Infinity : Date.parse(row.due_at);
    return row.longitude === null || row.latitude === null ? Infinity : metres(here, [row.longitude, row.latitude]);
  };
  return rows.map((row) => [rank(row), row] as const).sort((a, b) => (a[0] === b[0] ? 0 : a[0] - b[0])).map(([, row]) => row);
}
