/** What lies on the phone. Values that can be read are `Locked`; the queue's order and state are not secret. */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Bytes } from "./bytes";
import type { Locked, Wrapped } from "./crypt";
import type { Lease } from "./lease";
import type { Wrong } from "./pin";

/** `undecided`: the server did not carry it out while the app was closed; the person is asked when it is open.
 * `kept`: an administrator decides about it. */
export type State = "waiting" | "undecided" | "conflict" | "refused" | "sent" | "kept";

export interface Item {
  id: string;
  seq: number;
  device: string;
  after: string | null;
  state: State;
  at: number;
  photo: boolean;
  secret: Locked | null;
  answer: Locked | null;
}

export interface Bound {
  device: string;
  serverKey: Bytes;
  privateKey: Locked; // PKCS 8
}

export interface Meta {
  bound: Bound;
  pin: Wrapped;
  wrong: Wrong;
  lease: Lease;
  seq: number;
  ended: "signed-out" | "other" | "revoked" | "lease" | "pin"; // why nothing can be read
  former: string; // the phone's id before it was forgotten, to be revoked when it is bound anew
}

interface Schema extends DBSchema {
  meta: { key: string; value: Meta[keyof Meta] };
  held: { key: string; value: Locked };
  queue: { key: string; value: Item; indexes: { seq: number } };
  photos: { key: string; value: Locked };
  boxes: { key: string; value: Bytes };
}

/** The Web Lock under which pages and the worker send one at a time. */
export const LOCK = "qipan-field-drain";

export type Store = IDBPDatabase<Schema>;

export function openStore(): Promise<Store> {
  return openDB<Schema>("qipan-field", 1, {
    upgrade(made) {
      for (const name of ["meta", "held", "photos", "boxes"] as const) made.createObjectStore(name);
      made.createObjectStore("queue", { keyPath: "id" }).createIndex("seq", "seq");
    },
    // A newer version of the app wants to change the tables: this page steps aside and is loaded anew.
    blocking: (_from, _to, event) => (event.target as IDBDatabase).close(),
  });
}

export async function getMeta<K extends keyof Meta>(store: Store, key: K): Promise<Meta[K] | undefined> {
  return (await store.get("meta", key)) as Meta[K] | undefined;
}

export async function setMeta<K extends keyof Meta>(store: Store, key: K, value: Meta[K]): Promise<void> {
  await store.put("meta", value, key);
}

export const items = (store: Store): Promise<Item[]> => store.getAllFromIndex("queue", "seq");

/** Reading ends: what the server told is deleted. The queue stays, and its sealed copies can still be sent.
 * `words`: also what the person wrote, which then only the server can read. `keys`: also the way back by PIN. */
export async function forget(
  store: Store, why: Meta["ended"], options: { words?: boolean; keys?: boolean } = {},
): Promise<void> {
  const change = store.transaction(["meta", "held", "queue", "photos"], "readwrite");
  const [meta, held, queue, photos] = (["meta", "held", "queue", "photos"] as const).map((name) => change.objectStore(name)) as [
    ReturnType<typeof change.objectStore<"meta">>, ReturnType<typeof change.objectStore<"held">>,
    ReturnType<typeof change.objectStore<"queue">>, ReturnType<typeof change.objectStore<"photos">>,
  ];
  for (const key of await held.getAllKeys()) if (options.words || !key.startsWith("draft:")) await held.delete(key);
  if (options.words) {
    await photos.clear();
    for (const item of await queue.getAll()) {
      if (item.state === "sent" || item.state === "kept") await queue.delete(item.id);
      else await queue.put({ ...item, secret: null, answer: null });
    }
  }
  if (options.keys) {
    const bound = (await meta.get("bound")) as Bound | undefined;
    if (bound) await meta.put(bound.device, "former");
    for (const key of ["bound", "pin", "wrong", "lease"]) await meta.delete(key);
  }
  await meta.put(why, "ended");
  await change.done;
}
