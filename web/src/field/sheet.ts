/** The map as numbers: degrees to pixels and back, flat enough for a district. */
export type Point = readonly [number, number];

const EARTH = 111_320; // metres a degree of latitude

export interface Sheet {
  centre: Point;
  scale: number; // pixels a metre
  width: number;
  height: number;
}

export function toPixel(sheet: Sheet, [x, y]: Point): [number, number] {
  const squeeze = Math.cos((sheet.centre[1] * Math.PI) / 180);
  return [
    sheet.width / 2 + (x - sheet.centre[0]) * EARTH * squeeze * sheet.scale,
    sheet.height / 2 - (y - sheet.centre[1]) * EARTH * sheet.scale,
  ];
}

export function toPoint(sheet: Sheet, [x, y]: Point): [number, number] {
  const squeeze = Math.cos((sheet.centre[1] * Math.PI) / 180);
  return [
    sheet.centre[0] + (x - sheet.width / 2) / (EARTH * squeeze * sheet.scale),
    sheet.centre[1] - (y - sheet.height / 2) / (EARTH * sheet.scale),
  ];
}

export type Box = [number, number, number, number];

export function boxOf(points: Iterable<Point>): Box | undefined {
  let box: Box | undefined;
  for (const [x, y] of points) {
    box = box ? [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)] : [x, y, x, y];
  }
  return box;
}

/** The sheet that shows a box whole. */
export function fitting(box: Box, width: number, height: number, margin = 24): Sheet {
  const centre: Point = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const squeeze = Math.cos((centre[1] * Math.PI) / 180);
  const across = Math.max((box[2] - box[0]) * EARTH * squeeze, 200);
  const up = Math.max((box[3] - box[1]) * EARTH, 200);
  const scale = Math.min(Math.max(40, width - 2 * margin) / across, Math.max(40, height - 2 * margin) / up);
  return { centre, scale, width, height };
}

/** "Put in the middle": where the sheet lies after it was moved by pixels. */
export function moved(sheet: Sheet, by: Point): Sheet {
  return { ...sheet, centre: toPoint(sheet, [sheet.width / 2 - by[0], sheet.height / 2 - by[1]]) };
}

const LEAST = 0.0005;
const MOST = 4;

export function zoomed(sheet: Sheet, factor: number, about: Point = [sheet.width / 2, sheet.height / 2]): Sheet {
  const scale = Math.min(MOST, Math.max(LEAST, sheet.scale * factor));
  const fixed = toPoint(sheet, about);
  const next = { ...sheet, scale };
  const [x, y] = toPixel(next, fixed);
  return moved(next, [about[0] - x, about[1] - y]);
}
