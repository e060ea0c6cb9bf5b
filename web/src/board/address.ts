/** The board's own address: `/board/?incident=<id>&day=<day>&at=<hh:mm>#zoom/latitude/longitude`. */
export interface View {
  zoom: number;
  latitude: number;
  longitude: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The view in `#12.5/36.1/114.3`; undefined where it is none. */
export function viewOf(hash: string): View | undefined {
  const [zoom, latitude, longitude, ...more] = hash.replace(/^#/, "").split("/").map(Number);
  if (zoom === undefined || latitude === undefined || longitude === undefined || more.length) return undefined;
  if (![zoom, latitude, longitude].every(Number.isFinite) || hash.includes("//")) return undefined;
  if (zoom < 0 || zoom > 24 || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  return { zoom, latitude, longitude };
}

export function hashOf(view: View): string {
  return `#${view.zoom.toFixed(2)}/${view.latitude.toFixed(5)}/${view.longitude.toFixed(5)}`;
}

export function incidentOf(search: string): string {
  const id = new URLSearchParams(search).get("incident") ?? "";
  return UUID.test(id) ? id : "";
}

/** The address with another incident, or without one; what else stands in it stays. */
export function withIncident(address: string, id: string): string {
  const url = new URL(address);
  if (id) url.searchParams.set("incident", id);
  else url.searchParams.delete("incident");
  return url.pathname + url.search + url.hash;
}

/** The past day in the address and the seconds from its midnight; undefined where there is none. */
export function momentOf(search: string): { day: string; seconds: number | undefined } | undefined {
  const found = new URLSearchParams(search);
  const day = found.get("day") ?? "";
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(found.get("at") ?? "") ?? [];
  return { day, seconds: hours && minutes ? Number(hours) * 3600 + Number(minutes) * 60 : undefined };
}

/** The address with another moment of the past, or without one; what else stands in it stays. */
export function withMoment(address: string, day: string, at: string): string {
  const url = new URL(address);
  for (const [name, value] of [["day", day], ["at", at]] as const) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  return url.pathname + url.search.replaceAll("%3A", ":") + url.hash;
}
