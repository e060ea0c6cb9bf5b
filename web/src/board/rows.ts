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

export function urgency(row: Incident, now: number): Level {
  return row.due_at === null ? "calm" : level(now, Date.parse(row.due_at));
}

export class Rows {
  private readonly known = new Map<string, Incident>();
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

  /** One that has no point is on no map. */
  put(row: Omit<Incident, "longitude" | "latitude"> & { longitude: number | null; latitude: number | null }): void {
    const { longitude, latitude } = row;
    if (longitude === null || latitude === null) this.known.delete(row.id);
    else this.known.set(row.id, { ...row, longitude, latitude });
  }

  /** True where there was something to take away. */
  drop(id: string): boolean {
    return this.known.delete(id);
  }

  /** Takes an answer of the map's address; true where anything changed. */
  take(columns: Columns): boolean {
    if (columns.whole) this.known.clear();
    columns.id.forEach((id, i) => {
      this.known.set(id, {
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
    for (const id of columns.gone) changed = this.known.delete(id) || changed;
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
