/** The drawing of charts. Loaded by the page of charts alone, and only when there is something to draw. */
import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { height, type Shape } from "./shapes";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, TitleComponent, AriaComponent, SVGRenderer]);

const MOST_LABELLED = 14; // marks of a series that have their number written beside them
const WIDE = 960;

interface Inks {
  ink: string;
  soft: string;
  line: string;
  strong: string;
  sheet: string;
  sunk: string;
  font: string;
}

function inks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"), soft: of("ink-soft"), line: of("line"), strong: of("line-strong"), sheet: of("sheet"),
    sunk: of("sunk"), font: of("sans").replaceAll('"', "'"), // a file's attributes stand between the others
  };
}

/** The first series is full, the second one hatched: told apart by the pattern, whatever colours somebody sees. */
function filled(place: number, ink: Inks): NonNullable<BarSeriesOption["itemStyle"]> {
  if (place === 0) return { color: ink.soft, borderColor: ink.soft, borderWidth: 1 };
  const decal = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: ink.ink };
  return { color: ink.sheet, borderColor: ink.ink, borderWidth: 1, decal };
}

function series(shape: Shape, ink: Inks): (BarSeriesOption | LineSeriesOption)[] {
  return shape.series.map((one, place) => {
    const label = {
      show: shape.labels.length <= MOST_LABELLED,
      position: shape.kind === "rows" ? ("right" as const) : ("top" as const),
      color: ink.ink, fontSize: 11, fontFamily: ink.font,
      formatter: ({ value }: { value: unknown }) =>
        value === null || value === undefined || value === 0 ? "" : one.share ? `${Number(value).toFixed(1)}%` : String(value),
    };
    const common = { name: one.name, data: one.values, label, animation: false, cursor: "pointer" } as const;
    if (shape.kind === "line") {
      return {
        ...common, type: "line", connectNulls: false, symbol: "circle", symbolSize: 9,
        lineStyle: { color: ink.ink, width: 2 }, itemStyle: { color: ink.sheet, borderColor: ink.ink, borderWidth: 2 },
        emphasis: { scale: 1.6, itemStyle: { color: ink.ink } },
      };
    }
    return {
      ...common, type: "bar", barMaxWidth: 26, barMinHeight: 2, barGap: "10%", itemStyle: filled(place, ink),
      emphasis: { itemStyle: { borderColor: ink.ink, borderWidth: 3 } },
    };
  });
}

function option(shape: Shape, title = "") {
  const ink = inks();
  const text = { color: ink.soft, fontFamily: ink.font, fontSize: 12 };
  const names = {
    type: "category" as const, data: shape.labels, axisTick: { show: false }, axisLabel: { ...text, hideOverlap: true },
    axisLine: { lineStyle: { color: ink.strong } }, inverse: shape.kind === "rows", triggerEvent: false,
  };
  const share = shape.series.some((one) => one.share);
  const values = {
    type: "value" as const, minInterval: share ? 5 : 1, splitLine: { lineStyle: { color: ink.line } },
    axisLabel: { ...text, formatter: share ? "{value}%" : "{value}" }, ...(share ? { min: lowest(shape), max: 100 } : {}),
  };
  const lying = shape.kind === "rows";
  const several = shape.series.length > 1;
  const above = (several ? 30 : 14) + (title ? 40 : 0);
  return {
    animation: false,
    aria: { enabled: false, decal: { show: true } },
    textStyle: text,
    grid: { top: above + 8, left: 8, right: lying ? 44 : 16, bottom: 8, outerBoundsMode: "same" as const },
    ...(title ? { backgroundColor: ink.sheet, title: { text: title, left: 8, top: 8, textStyle: { ...text, color: ink.ink, fontSize: 16 } } } : {}),
    legend: { show: several, top: title ? 40 : 0, left: 0, selectedMode: false, itemWidth: 22, itemHeight: 12, textStyle: { ...text, color: ink.ink } },
    tooltip: {
      trigger: "axis" as const, renderMode: "richText" as const, confine: true, axisPointer: { type: "shadow" as const, shadowStyle: { color: ink.sunk, opacity: 0.6 } },
      backgroundColor: ink.sheet, borderColor: ink.strong, padding: 8, textStyle: { ...text, color: ink.ink, fontSize: 13 },
      valueFormatter: (value: unknown) => (value === null || value === undefined ? "—" : share ? `${Number(value).toFixed(1)}%` : String(value)),
    },
    xAxis: lying ? values : names,
    yAxis: lying ? names : values,
    series: series(shape, ink),
  };
}

/** Shares of nearly a hundred would all look alike from nought; the axis says where it begins. */
function lowest(shape: Shape): number {
  const values = shape.series.flatMap((one) => one.values).filter((value) => value !== null);
  return Math.max(0, Math.floor((Math.min(100, ...values) - 5) / 10) * 10);
}

export class Picture {
  private readonly chart: EChartsType;

  constructor(place: HTMLElement, private readonly shape: Shape, opened: (series: number, at: number, event: MouseEvent) => void) {
    place.style.blockSize = `${height(shape)}px`;
    this.chart = init(place, null, { renderer: "svg" });
    this.redraw();
    this.chart.on("click", (mark) => {
      if (mark.componentType === "series") opened(mark.seriesIndex ?? 0, mark.dataIndex, mark.event?.event as unknown as MouseEvent);
    });
    new ResizeObserver(() => this.chart.resize()).observe(place);
  }

  redraw(): void {
    this.chart.setOption(option(this.shape), true);
  }

  /** Marks one, for whoever goes by keys; none without a place. */
  point(series?: number, at?: number): void {
    this.chart.dispatchAction({ type: "downplay" });
    if (series === undefined || at === undefined) return void this.chart.dispatchAction({ type: "hideTip" });
    this.chart.dispatchAction({ type: "highlight", seriesIndex: series, dataIndex: at });
    this.chart.dispatchAction({ type: "showTip", seriesIndex: series, dataIndex: at });
  }
}

/** The picture with its title as the text of an SVG file, as wide as a page. */
export function svgOf(shape: Shape, title: string): { text: string; width: number; height: number } {
  const size = { width: WIDE, height: height(shape) + 40 };
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption(option(shape, title));
  const text = chart.renderToSVGString();
  chart.dispose();
  return { text, ...size };
}
