/** The app's words in both languages come with its page, so that switching needs no network. */
import { useTexts } from "../texts";

export type Language = "zh-hans" | "en";

interface PageData {
  texts: Record<Language, Record<string, string>>;
  statuses: Record<Language, Record<string, string>>;
  klasses: Record<Language, Record<string, string>>;
}

const CHOICE = "qipan-language";
let data: PageData | undefined;
let chosen: Language = "zh-hans";

function pageData(): PageData {
  data ??= JSON.parse(document.getElementById("field-data")?.textContent ?? "{}") as PageData;
  return data;
}

export const language = (): Language => chosen;

export function useLanguage(wanted?: Language): void {
  const before = localStorage.getItem(CHOICE);
  const own: Language = navigator.language.startsWith("zh") || !navigator.language ? "zh-hans" : "en";
  chosen = wanted ?? (before === "en" || before === "zh-hans" ? before : own);
  if (wanted) localStorage.setItem(CHOICE, wanted);
  document.documentElement.lang = chosen === "en" ? "en" : "zh-Hans";
  useTexts(pageData().texts[chosen]);
}

export const statusName = (status: string): string => pageData().statuses[chosen][status] ?? status;

export const klassName = (klass: string): string => pageData().klasses[chosen][klass] ?? klass;

/** "14:05" today, "23 Nov 14:05" before. */
export function moment(at: number, now = Date.now()): string {
  const [date, today] = [new Date(at), new Date(now)];
  const tag = chosen === "en" ? "en-GB" : "zh-CN";
  const time = date.toLocaleTimeString(tag, { hour: "2-digit", minute: "2-digit", hour12: false });
  if (date.toDateString() === today.toDateString()) return time;
  return `${date.toLocaleDateString(tag, { day: "numeric", month: chosen === "en" ? "short" : "long" })} ${time}`;
}

/** "350 m", "1.2 km". */
export const distance = (metres: number): string =>
  metres < 950 ? `${Math.max(10, Math.round(metres / 10) * 10)} m` : `${(metres / 1000).toFixed(1)} km`;
