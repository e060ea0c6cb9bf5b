/** What the server tells a phone (workflows/field/down.py), and what it answers to a step. */
export interface Duty {
  id: string;
  kind: string;
  state: string;
  due_at: string | null;
  warn_at: string | null;
  starts_at: string | null;
}

export interface Row {
  id: string;
  version: number;
  number: string;
  status: string;
  klass: string;
  category: string;
  title: string;
  text: string;
  address: string;
  urgent: boolean;
  private: boolean;
  supervised: boolean;
  longitude: number | null;
  latitude: number | null;
  place: string;
  reported_at: string;
  due_at: string | null;
  photo_reason: string;
  steps: string[];
  duties: Duty[];
}

export interface Category {
  key: string;
  name: string;
  name_en: string;
  klass: string;
  private: boolean;
  urgent: boolean;
  photo_reason: string;
  order: number;
}

export type Outlines = GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, { id: number; name: string }>;

export interface Visit {
  id: string;
  name: string;
  place: string;
  longitude: number | null;
  latitude: number | null;
  opened_at: string;
  due_at: string;
  checklist: string;
}

export interface Checklist {
  id: string;
  items: { id: string; text: string; text_en: string; category: string }[];
}

export interface Patrol {
  visits: Visit[];
  checklists: Checklist[];
}

export interface Down {
  cursor: string;
  whole: boolean;
  lease_until: string;
  now: string;
  rows: Row[];
  gone: string[];
  areas: { revision: number; outlines: Outlines | null };
  categories: { revision: string; rows: Category[] | null };
  patrol: { revision: string; visits: Visit[] | null; checklists: Checklist[] | null };
}

/** How an incident stands now, as an answer to a step says it. */
export interface Standing {
  id?: string;
  number?: string;
  status?: string;
  version?: number;
  due_at?: string | null;
  steps?: string[];
  tracking_code?: string;
}

export interface Answer {
  id: string;
  seq: number;
  result: "applied" | "repeated" | "conflict" | "refused";
  code: string;
  detail: string;
  state: Standing | null;
}

export interface Me {
  person: string;
  role: string;
  place: string;
  area: number;
  phone: string; // the name its owner gave it
  handles: boolean;
}

/** The rows that the phone holds after an answer: the whole, or the old ones with what changed. */
export function merged(held: readonly Row[], down: Pick<Down, "whole" | "rows" | "gone">): Row[] {
  if (down.whole) return [...down.rows];
  const rows = new Map(held.map((row) => [row.id, row]));
  for (const id of down.gone) rows.delete(id);
  for (const row of down.rows) rows.set(row.id, row);
  return [...rows.values()];
}

/** The rows as answers to steps say that they stand, the last answer about each. Where a step was not carried out, the
 * row stays as it was: the person is shown both. */
export function standing(held: readonly Row[], answers: readonly Answer[]): Row[] {
  const now = new Map(answers.flatMap(({ result, state }) => ((result === "applied" || result === "repeated") && state?.id ? [[state.id, state] as const] : [])));
  return held.map((row) => {
    const state = now.get(row.id);
    if (!state) return row;
    const { version = row.version, status = row.status, steps = row.steps, due_at = row.due_at } = state;
    return { ...row, version, status, steps, due_at };
  });
}
