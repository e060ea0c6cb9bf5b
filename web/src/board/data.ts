/** What the page gives the board (live/pages.py): its words, addresses and first figures. */
export interface Figure {
  key: string;
  label: string;
  value: number;
  link: string;
  tone: string;
}

export interface BoardData {
  texts: Record<string, string>;
  addresses: Record<
    "map" | "duties" | "find" | "premises" | "incident" | "outline" | "figures" | "events" | "list" | "work",
    string
  >;
  level: number;
  area: string;
  figures: Figure[];
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

export async function json<T>(address: string, signal?: AbortSignal): Promise<T> {
  return (await (await get(address, signal)).json()) as T;
}
