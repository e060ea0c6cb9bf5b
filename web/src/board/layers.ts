/** Which layers are shown, as this person left them; and the premises and points, brought when they are to be seen. */
import { json } from "./data";

export type Shown = Record<string, boolean>;

interface Places {
  id: string[];
  longitude: number[];
  latitude: number[];
  kind: string[];
  name: string[];
  kinds: Record<string, string>;
}

const OFF = new Set(["heat", "points"]);

export class Layers {
  shown: Shown;

  constructor(
    names: readonly string[],
    private readonly key: string,
  ) {
    const kept = remembered(key);
    this.shown = Object.fromEntries(names.map((name) => [name, kept[name] ?? !OFF.has(name)]));
  }

  switch(name: string): void {
    this.shown = { ...this.shown, [name]: !this.shown[name] };
    try {
      localStorage.setItem(this.key, JSON.stringify(this.shown));
    } catch {
      // A browser that keeps nothing: the choice holds for this page.
    }
  }
}

function remembered(key: string): Shown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") as Shown;
  } catch {
    return {};
  }
}

/** Each with its id, its name and its kind in words. */
export async function places(address: string): Promise<GeoJSON.FeatureCollection<GeoJSON.Point>> {
  const { id, longitude, latitude, kind, name, kinds } = await json<Places>(address);
  return {
    type: "FeatureCollection",
    features: id.map((one, i) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [longitude[i] ?? 0, latitude[i] ?? 0] },
      properties: { id: one, name: name[i] ?? "", kind: kinds[kind[i] ?? ""] ?? "" },
    })),
  };
}
