/** What lies inside a line that was drawn on the map. */
export type Corner = [number, number];

/** Whether a point lies in the polygon (even and odd, so a line that crosses itself is no fault). */
export function inside(polygon: readonly Corner[], [x, y]: Corner): boolean {
  let found = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i] ?? [0, 0];
    const [bx, by] = polygon[j] ?? [0, 0];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) found = !found;
  }
  return found;
}

/** The corners of a box between two opposite ones. */
export function box([ax, ay]: Corner, [bx, by]: Corner): Corner[] {
  return [[ax, ay], [bx, ay], [bx, by], [ax, by]];
}

/** The ids of those that lie inside. */
export function within(
  rows: Iterable<{ id: string; longitude: number; latitude: number }>, polygon: readonly Corner[],
): string[] {
  return [...rows].filter((row) => inside(polygon, [row.longitude, row.latitude])).map((row) => row.id);
}

/** The reasons of refusals, each with how many it is for, the most frequent first. */
export function grouped(refused: readonly { id: string; why: string }[]): { why: string; ids: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { id, why } of refused) found.set(why, [...(found.get(why) ?? []), id]);
  return [...found].map(([why, ids]) => ({ why, ids })).sort((a, b) => b.ids.length - a.ids.length);
}
