/** What a chart is, as the page gives it (live/queries/charts.py), and how its marks follow each other. */
export interface Series {
  name: string;
  share: boolean;
  values: (number | null)[];
  /** The list of the rows behind each value, "" where there are none. */
  links: string[];
}

export interface Shape {
  key: string;
  title: string;
  kind: "bars" | "rows" | "line";
  labels: string[];
  series: Series[];
}

export interface Mark {
  series: number;
  at: number;
}

export function shown(shape: Shape, mark: Mark): string {
  const series = shape.series[mark.series];
  const value = series?.values[mark.at];
  if (value === null || value === undefined) return "";
  return series?.share ? `${value.toFixed(1)}%` : String(value);
}

/** Where an arrow key leads from a mark: along the labels, or to the next series. The ends lead nowhere. */
export function onward(shape: Shape, mark: Mark, key: string): Mark {
  const along: Record<string, number> = shape.kind === "rows" ? { ArrowDown: 1, ArrowUp: -1 } : { ArrowRight: 1, ArrowLeft: -1 };
  const across: Record<string, number> = shape.kind === "rows" ? { ArrowRight: 1, ArrowLeft: -1 } : { ArrowDown: 1, ArrowUp: -1 };
  const within = (at: number, most: number) => Math.min(Math.max(at, 0), most - 1);
  if (key === "Home") return { ...mark, at: 0 };
  if (key === "End") return { ...mark, at: shape.labels.length - 1 };
  return {
    at: within(mark.at + (along[key] ?? 0), shape.labels.length),
    series: within(mark.series + (across[key] ?? 0), shape.series.length),
  };
}

/** How high a picture is, in pixels: lying bars need room for each. */
export function height(shape: Shape): number {
  return shape.kind === "rows" ? 76 + shape.labels.length * (10 + 15 * shape.series.length) : 280;
}
