/** `<time class="clock" data-due="ISO" data-warn data-from>`: its words and its urgency follow the clock.
 * The server's time counts: the page carries it in `<body data-now>`, the device's own may be wrong. */
import { level, remaining } from "./remaining";

let ahead = 0;

const parse = (value: string | undefined) => (value ? Date.parse(value) : undefined);

export function tick(root: ParentNode, now: number): void {
  for (const clock of root.querySelectorAll<HTMLElement>("[data-due]:not([data-paused])")) {
    const due = parse(clock.dataset["due"]);
    if (due === undefined || Number.isNaN(due)) continue;
    const next = level(now, due, parse(clock.dataset["warn"]), parse(clock.dataset["from"]));
    if (clock.dataset["level"] !== next) clock.dataset["level"] = next;
    const words = remaining(now, due);
    const place = clock.querySelector("[data-remaining]") ?? clock;
    if (place.textContent !== words) place.textContent = words;
  }
}

export function startClocks(): void {
  const server = parse(document.body.dataset["now"]);
  if (server) ahead = server - Date.now();
  const run = () => tick(document, Date.now() + ahead);
  run();
  setInterval(() => document.hidden || run(), 10_000);
  document.addEventListener("visibilitychange", () => document.hidden || run());
  document.addEventListener("htmx:after:swap", run);
}
