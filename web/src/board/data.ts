/** What the page gives the board (live/pages.py): its words, its addresses, and the beginning of /api/v1/board/start. */
import type { Tiles } from "./tiles";

export interface Figure {
  key: string;
  label: string;
  value: number;
  link: string;
  tone: string;
}

export interface Start {
  position: number;
  now: string;
  me: { post: string; person: string; role: string; area: { id: number; level: number; name: string } };
  figures: Figure[];
  layers: string[];
  map: { bbox: [number, number, number, number] | null; tiles: Tiles | null };
}

export interface BoardData {
  texts: Record<string, string>;
  addresses: Record<
    "map" | "duties" | "worst" | "premises" | "points" | "here" | "find" | "figures" | "events" | "incident" | "list" | "work" | "replay",
    string
  > & {
    areas: Record<string, string>; // by level
  };
  start: Start;
}

export function boardData(): BoardData {
  return JSON.parse(document.getElementById("board-data")?.textContent ?? "{}") as BoardData;
}

/** An answer that is not the wanted one; `status` 0 where there was none. */
export class Failed extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

export async function get(address: string, signal?: AbortSignal): Promise<Response> {
  const answer = await fetch(address, { headers: { "HX-Request": "true" }, ...(signal ? { signal } : {}) });
  if (!answer.ok) throw new Failed(answer.status);
  return answer;
}

/** What the page began to fetch before this script ran (its preloads) is taken up by the first call. */
export async function json<T>(address: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(address, signal ? { signal } : undefined);
  if (!answer.ok) throw new Failed(answer.status);
  return (await answer.json()) as T;
}
