/** The marks of open incidents, with the shapes of the legend (styles/clocks.css): a ring, half full, full, a triangle;
 * so that nobody has to tell them by their colours. */
import type { Inks } from "./style";

const RATIO = 3; // of the image to the page, for screens that are fine and walls that are large
const SIZES = [10, 12, 14, 17]; // pixels of the page

export function markOf(id: string): number {
  return /^mark-[0-3]$/.test(id) ? Number(id.at(-1)) : -1;
}

export function markImage(level: number, ink: Inks): { image: ImageData; ratio: number } | undefined {
  const size = ((SIZES[level] ?? 10) + 3) * RATIO; // with the light line around it
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  if (!pen) return undefined;
  const [middle, radius, colour] = [size / 2, size / 2 - 1.5 * RATIO, ink.levels[level] ?? ink.ink];
  const shape = new Path2D();
  if (level === 3) {
    const [half, top, foot] = [radius, middle - radius * 0.92, middle + radius * 0.8];
    shape.moveTo(middle, top);
    shape.lineTo(middle + half, foot);
    shape.lineTo(middle - half, foot);
    shape.closePath();
  } else {
    shape.arc(middle, middle, level < 2 ? radius - RATIO * 0.75 : radius, 0, 2 * Math.PI);
  }
  pen.lineJoin = "round";
  pen.strokeStyle = pen.fillStyle = ink.sheet;
  pen.lineWidth = (level < 2 ? 4.5 : 3) * RATIO;
  pen.stroke(shape);
  pen.fill(shape);
  pen.strokeStyle = pen.fillStyle = colour;
  if (level > 1) pen.fill(shape);
  if (level < 2) {
    pen.lineWidth = 1.6 * RATIO;
    pen.stroke(shape);
  }
  if (level === 1) {
    pen.clip(shape);
    pen.fillRect(0, middle, size, size); // the lower half
  }
  return { image: pen.getImageData(0, 0, size, size), ratio: RATIO };
}
