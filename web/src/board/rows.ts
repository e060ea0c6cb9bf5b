/** The open incidents on the map: kept by id, from columns and from single changes, with their urgency now. */
import { level, type Level } from "../remaining";

export interface Incident {
  id: string;
  longitude: number;
  latitude: number;
  klass: string;
  status: string;
  urgent: boolean;
  supervised: boolean;
  due_at: string | null;
}

/** An incident as it is told when it changes; one without a point is on no map. */
export interface Told extends Omit<Incident, "longitude" | "latitude"> {
  longitude: number | null;
  latitude: number | null;
  number: string;
  title: string;
  unit: string;
  kind: string;
}

export interface Counted {
  due: number;
  supervised: boolean;
}

export interface Columns {
  id: string[];
  longitude: number[];
  latitude: number[];
  klass: string[];
  status: string[];
  urgent: boolean[];
  supervised: boolean[];
  due_at: (string | null)[];
  position: number;
  gone: string[];
  whole: boolean;
}

type Drop = GeoJSON.Feature<GeoJSON.Point, { id: string; level: number; supervised: boolean }>;

export interface Drawn {
  heaped: Drop[];
  pressing: Drop[];
}

const PRESSING = 2;
export const LEVELS: readonly Level[] = ["calm", "soon", "due", "overdue"];

export function urgency(row: Counted, now: number): Level {
  return row.due === Infinity ? "calm" : level(now, row.due);
}

function dueOf(due_at: string | null): number {
  return due_at === null ? Infinity : Date.parse(due_at);
}

export class Rows {
  private readonly known = new Map<string, Incident & Counted>();
  private readonly unplaced = new Map<string, Counted>(); // heard of, and without a point
  position = 0;

  get size(): number {
    return this.known.size;
  }

  get(id: string): Incident | undefined {
    return this.known.get(id);
  }

  all(): Iterable<Incident> {
    return this.known.values();
  }

  /** Every open one that is known, on the map or not. */
  *open(): Iterable<Counted> {
    yield* this.known.values();
    yield* this.unplaced.values();
  }

  knows(id: string): boolean {
    return this.known.has(id) || this.unplaced.has(id);
  }

  /** One that has no point is on no map. */
  put(row: Omit<Told, "number" | "title" | "unit" | "kind">): void {
    this.drop(row.id);
    const { longitude, latitude, supervised } = row;
    if (longitude === null || latitude === null) this.unplaced.set(row.id, { due: dueOf(row.due_at), supervised });
    else this.known.set(row.id, { ...row, longitude, latitude, due: dueOf(row.due_at) });
  }

  clear(): void {
    this.known.clear();
    this.unplaced.clear();
  }

  /** True where there was something to take away. */
  drop(id: string): boolean {
    return this.known.delete(id) || this.unplaced.delete(id);
  }

  /** Takes an answer of the map's address; true where anything changed. */
  take(columns: Columns): boolean {
    if (columns.whole) this.clear();
    columns.id.forEach((id, i) => {
      this.put({
        id,
        longitude: columns.longitude[i] ?? 0,
        latitude: columns.latitude[i] ?? 0,
        klass: columns.klass[i] ?? "",
        status: columns.status[i] ?? "",
        urgent: columns.urgent[i] ?? false,
        supervised: columns.supervised[i] ?? false,
        due_at: columns.due_at[i] ?? null,
      });
    });
    let changed = columns.whole || columns.id.length > 0;
    for (const id of columns.gone) changed = this.drop(id) || changed;
    this.position = columns.position;
    return changed;
  }

  /** For the map: `level` is 0 (calm) to 3 (overdue). What presses (2 and 3) stands apart from what may be heaped. */
  features(now: number): Drawn {
    const drawn: Drawn = { heaped: [], pressing: [] };
    for (const row of this.known.values()) {
      const level = LEVELS.indexOf(urgency(row, now));
      (level >= PRESSING ? drawn.pressing : drawn.heaped).push({
        type: "Feature",
        geometry: { type: "Point", coordinates: [row.longitude, row.latitude] },
        properties: { id: row.id, level, supervised: row.supervised },
      });
    }
    return drawn;
  }

  /** A mark that changes when some incident's urgency does: what makes the map be drawn anew. */
  mark(now: number): string {
    const counts = [0, 0, 0, 0];
    for (const row of this.known.values()) {
      const at = LEVELS.indexOf(urgency(row, now));
      counts[at] = (counts[at] ?? 0) + 1;
    }
    return counts.join(" ");
  }
}
