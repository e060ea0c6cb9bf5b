/** The page of charts: pictures instead of the tables, which stay one button away. */
import { addTexts, text } from "../../texts";
import { toast } from "../../toasts";
import type { Picture } from "./draw";
import { type Mark, onward, type Shape, shown } from "./shapes";

interface Data {
  texts: Record<string, string>;
  charts: Shape[];
}

const data = JSON.parse(document.getElementById("charts-data")?.textContent ?? "{}") as Data;
addTexts(data.texts);
const pictures: Picture[] = [];

async function start(): Promise<void> {
  const { Picture, svgOf } = await import("./draw");
  const hint = document.querySelector<HTMLElement>(".charts-keys");
  if (hint) (hint.textContent = text("charts.keys")), (hint.hidden = false);
  for (const shape of data.charts) {
    const section = document.querySelector<HTMLElement>(`[data-chart="${shape.key}"]`);
    const place = section?.querySelector<HTMLElement>(".chart-picture");
    const table = section?.querySelector<HTMLElement>(".chart-table");
    if (!section || !place || !table) continue;
    place.hidden = false;
    table.hidden = true;
    const picture = new Picture(place, shape, (series, at, event) => open(shape, { series, at }, event));
    pictures.push(picture);
    walked(place, picture, shape);
    const toggle = section.querySelector<HTMLButtonElement>("[data-toggle]");
    toggle?.addEventListener("click", () => {
      table.hidden = !table.hidden;
      place.hidden = !table.hidden;
      toggle.setAttribute("aria-pressed", String(!table.hidden));
    });
    for (const button of section.querySelectorAll<HTMLButtonElement>("button")) button.hidden = false;
    for (const button of section.querySelectorAll<HTMLButtonElement>("[data-image]")) {
      button.addEventListener("click", () => void save(svgOf(shape, named(shape)), shape, button.dataset["image"] ?? "svg"));
    }
  }
  const redraw = () => pictures.forEach((picture) => picture.redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  document.querySelector(".charts")?.setAttribute("data-ready", "");
}

/** Opens the rows behind a mark, where there are some. */
function open(shape: Shape, mark: Mark, event?: Pick<MouseEvent, "ctrlKey" | "metaKey">): void {
  const link = shape.series[mark.series]?.links[mark.at];
  if (!link) return;
  if (event?.ctrlKey || event?.metaKey) window.open(link, "_blank", "noopener");
  else location.assign(link);
}

/** Arrow keys go from mark to mark and say each; Enter opens what is behind it. */
function walked(place: HTMLElement, picture: Picture, shape: Shape): void {
  let mark: Mark = { series: 0, at: 0 };
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  place.after(said);
  place.tabIndex = 0;
  place.setAttribute("role", "application");
  place.setAttribute("aria-label", `${shape.title}. ${text("charts.keys")}`);
  const point = () => {
    const value = shown(shape, mark) || text("charts.none");
    said.textContent = [shape.labels[mark.at], shape.series[mark.series]?.name, value].join(" · ");
    picture.point(mark.series, mark.at);
  };
  place.addEventListener("focus", () => place.matches(":focus-visible") && point());
  place.addEventListener("blur", () => picture.point());
  place.addEventListener("keydown", (event) => {
    if (event.key === "Enter") return open(shape, mark, event);
    if (!/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // arrows lead through a page's lists elsewhere
    mark = onward(shape, mark, event.key);
    point();
  });
}

function named(shape: Shape): string {
  const form = document.querySelector<HTMLFormElement>("form.filters");
  const days = form ? new FormData(form) : new FormData();
  const klass = form?.querySelector<HTMLSelectElement>("[name=klass]");
  const only = klass?.value ? ` · ${klass.selectedOptions[0]?.text ?? ""}` : "";
  return `${shape.title} · ${String(days.get("since"))} – ${String(days.get("until"))}${only}`;
}

async function save(drawn: { text: string; width: number; height: number }, shape: Shape, form: string): Promise<void> {
  try {
    const svg = new Blob([drawn.text], { type: "image/svg+xml" });
    keep(form === "png" ? await png(drawn) : svg, `${named(shape)}.${form}`.replaceAll("/", "-"));
  } catch {
    toast(text("charts.failed"), { kind: "problem" });
  }
}

/** The same picture as points, two for each of the screen's. */
async function png(drawn: { text: string; width: number; height: number }): Promise<Blob> {
  const image = new Image(drawn.width, drawn.height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [drawn.width * 2, drawn.height * 2];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"));
}

function keep(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

start().catch(() => toast(text("charts.failed"), { kind: "problem" }));
