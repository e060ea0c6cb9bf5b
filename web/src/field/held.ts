/** What the server told, on the phone: locked, kept whole with the cursor that it goes on from. */
import { heard } from "./ask";
import { lock, open } from "./crypt";
import type { Lease } from "./lease";
import type { Hands } from "./queue";
import { merged, type Category, type Down, type Me, type Outlines, type Patrol, type Row } from "./told";

interface Kept {
  rows: Row[];
  categories: Category[];
  recent: string[]; // categories, the last used first
  me: Me;
  onDuty: boolean;
  shares: boolean;
  told: { cursor: string; areas: number; categories: string; patrol: string; at: number };
  patrol: Patrol;
  areas: Outlines;
}

type Reader = Pick<Hands, "store" | "key">;

export async function get<K extends keyof Kept>(hands: Reader, key: K): Promise<Kept[K] | undefined> {
  const found = await hands.store.get("held", key);
  return found && open<Kept[K]>(hands.key, found);
}

export async function put<K extends keyof Kept>(hands: Reader, key: K, value: Kept[K]): Promise<void> {
  await hands.store.put("held", await lock(hands.key, value), key);
}

/** What is being written, so that a killed app gives it back. */
export async function draft<T>(hands: Reader, name: string): Promise<T | undefined> {
  const found = await hands.store.get("held", `draft:${name}`);
  return found && open<T>(hands.key, found);
}

export async function keepDraft(hands: Reader, name: string, value: unknown): Promise<void> {
  if (value === null) await hands.store.delete("held", `draft:${name}`);
  else await hands.store.put("held", await lock(hands.key, value), `draft:${name}`);
}

/** Asks what is new and keeps it, all of it or nothing. Raises Away, Refused. */
export async function refresh(hands: Hands, language: string): Promise<Lease> {
  const told = await get(hands, "told");
  const query = new URLSearchParams({ device: hands.sealer.device });
  if (told) {
    query.set("cursor", told.cursor);
    query.set("areas", String(told.areas));
    query.set("categories", told.categories);
    query.set("patrol", told.patrol);
  }
  const { answer, lease } = await heard<Down>("GET", `/down?${query}`, { language });
  const news: Partial<Kept> = {
    rows: merged((await get(hands, "rows")) ?? [], answer),
    told: {
      cursor: answer.cursor, areas: answer.areas.revision, categories: answer.categories.revision,
      patrol: answer.patrol.revision, at: Date.now(),
    },
  };
  if (answer.areas.outlines) news.areas = answer.areas.outlines;
  if (answer.categories.rows) news.categories = answer.categories.rows;
  const { visits, checklists } = answer.patrol;
  if (visits && checklists) news.patrol = { visits, checklists };
  const locked = await Promise.all(
    Object.entries(news).map(async ([key, value]) => [key, await lock(hands.key, value)] as const),
  );
  const change = hands.store.transaction("held", "readwrite");
  for (const [key, value] of locked) void change.store.put(value, key);
  await change.done;
  return lease;
}
