import { beforeEach, describe, expect, it } from "vitest";
import vectors from "../../tests/vectors/remaining.json";
import { level, remaining, span } from "./remaining";
import { useTexts } from "./texts";

const TEXTS: Record<"en" | "zh", Record<string, string>> = {
  en: {
    "span.dh": "{days} d {hours} h",
    "span.d": "{days} d",
    "span.hm": "{hours} h {minutes} min",
    "span.h": "{hours} h",
    "span.m": "{minutes} min",
    "span.now": "under 1 min",
    left: "{span} left",
    over: "{span} overdue",
  },
  zh: {
    "span.dh": "{days}天{hours}小时",
    "span.d": "{days}天",
    "span.hm": "{hours}小时{minutes}分",
    "span.h": "{hours}小时",
    "span.m": "{minutes}分钟",
    "span.now": "不足1分钟",
    left: "剩余 {span}",
    over: "超时 {span}",
  },
};
const NOW = Date.UTC(2026, 3, 17, 8);
const after = (minutes: number | null) => (minutes === null ? undefined : NOW + minutes * 60_000);

describe.each(["en", "zh"] as const)("in %s", (language) => {
  beforeEach(() => useTexts(TEXTS[language]));

  it.each(vectors.spans)("says a span of $seconds seconds", (vector) => {
    expect(span(vector.seconds * 1000)).toBe(vector[language]);
    expect(span(-vector.seconds * 1000)).toBe(vector[language]);
  });

  it.each(vectors.clocks)("says what is left until $due minutes from now", (vector) => {
    const due = NOW + vector.due * 60_000;
    expect(remaining(NOW, due)).toBe(vector[language]);
    expect(level(NOW, due, after(vector.warn), after(vector.start))).toBe(vector.level);
  });
});
