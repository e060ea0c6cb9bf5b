/** Staff on duty on the map: who is told once, where they are as it changes; nothing is kept. */
import { json } from "./data";

interface Staff {
  post: string;
  name: string;
  role: string;
  unit: string;
  longitude: number;
  latitude: number;
}

type Marks = GeoJSON.FeatureCollection<GeoJSON.Point>;

export class StaffOnDuty {
  private known = new Map<string, Staff>();

  constructor(
    private readonly address: string,
    private readonly draw: (marks: Marks) => void,
  ) {}

  /** Everybody anew. */
  async begin(): Promise<void> {
    const found = await json<Staff[]>(this.address).catch(() => []);
    this.known = new Map(found.map((one) => [one.post, one]));
    this.drawn();
  }

  /** Where they are now; somebody who is not known yet has to be asked for by name. */
  async heard(points: readonly [string, number, number][]): Promise<void> {
    if (points.some(([post]) => !this.known.has(post))) return this.begin();
    const moved = new Map<string, Staff>();
    for (const [post, longitude, latitude] of points) {
      const one = this.known.get(post);
      if (one) moved.set(post, { ...one, longitude, latitude });
    }
    this.known = moved;
    this.drawn();
  }

  private drawn(): void {
    this.draw({
      type: "FeatureCollection",
      features: [...this.known.values()].map(({ name, role, unit, longitude, latitude }) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: [longitude, latitude] },
        properties: { name, detail: [role, unit].filter(Boolean).join(" \u00b7 ") },
      })),
    });
  }
}
