/** The queue: what was done, in its order, locked for reading and sealed for arriving. */
import { base64, utf8 } from "./bytes";
import { lock, lockBytes, open, openBytes, seal, type Locked, type Sealer } from "./crypt";
import { items, type Item, type State, type Store } from "./store";
import type { Answer } from "./told";

export interface Command {
  id: string;
  seq: number;
  step: string;
  about: string | null;
  base: number | null;
  after: string | null;
  body: Record<string, unknown>;
  device_time: string;
}

/** What the person sees of a step beside the step itself. */
export interface Secret {
  command: Command;
  label: string;
}

export interface Told {
  code: string;
  detail: string;
  state: Answer["state"];
}

/** An item as it is read: `secret` is null where only the server can read it any more. */
export interface Read extends Omit<Item, "secret" | "answer"> {
  secret: Secret | null;
  answer: Told | null;
}

/** The photo found no room. The words did not leave the form. */
export class NoRoom extends Error {}

const UNSETTLED = new Set<State>(["conflict", "refused"]);

/** What may be sent now: in order, without what builds on a step that the person has to decide about first. */
export function sendable<T extends Pick<Item, "id" | "seq" | "after" | "state">>(queue: readonly T[]): T[] {
  const stuck = new Set(queue.filter((one) => UNSETTLED.has(one.state)).map((one) => one.id));
  const found: T[] = [];
  for (const one of [...queue].sort((a, b) => a.seq - b.seq)) {
    if (one.state !== "waiting" && one.state !== "undecided") continue;
    if (one.after !== null && stuck.has(one.after)) stuck.add(one.id);
    else found.push(one);
  }
  return found;
}

/** The step that the next one about the same incident builds on: the last that has not arrived. */
export function lastAbout(queue: readonly Read[], about: string): string | null {
  const own = queue.filter((one) => one.secret?.command.about === about && one.state !== "sent" && one.state !== "kept");
  return own.at(-1)?.id ?? null;
}

export interface Hands {
  store: Store;
  key: CryptoKey;
  sealer: Sealer;
}

async function boxed(hands: Hands, command: Command, photo: Blob | null): Promise<Uint8Array<ArrayBuffer>> {
  const photos = photo ? { [command.id]: base64(await photo.arrayBuffer()) } : {};
  return seal(hands.sealer, utf8(JSON.stringify({ commands: [command], photos })));
}

/** Writes an item with its box and its photo, all or nothing. Raises NoRoom. */
async function written(store: Store, item: Item, box: Uint8Array<ArrayBuffer>, picture: Locked | null): Promise<void> {
  const change = store.transaction(["queue", "boxes", "photos"], "readwrite");
  change.done.catch(() => undefined); // heard below
  try {
    await change.objectStore("queue").put(item);
    await change.objectStore("boxes").put(box, item.id);
    if (picture) await change.objectStore("photos").put(picture, item.id);
    await change.done;
  } catch (error) {
    try {
      change.abort();
    } catch {
      // it has ended by itself
    }
    if (error instanceof DOMException && (error.name === "QuotaExceededError" || error.name === "AbortError")) throw new NoRoom();
    throw error;
  }
}

/** Puts a step into the queue: whole or not at all. Raises NoRoom. */
export async function add(
  hands: Hands, done: Pick<Command, "step" | "about" | "base" | "after" | "body">, label: string, photo: Blob | null,
): Promise<string> {
  const { store } = hands;
  // The number is taken first and may stay unused: only its order counts.
  const take = store.transaction("meta", "readwrite");
  const seq = (((await take.store.get("seq")) as number | undefined) ?? 0) + 1;
  await take.store.put(seq, "seq");
  await take.done;
  const now = new Date();
  const command: Command = { id: crypto.randomUUID(), seq, ...done, device_time: now.toISOString() };
  const item: Item = {
    id: command.id, seq, device: hands.sealer.device, after: done.after, state: "waiting", at: now.getTime(),
    photo: photo !== null, secret: await lock(hands.key, { command, label } satisfies Secret), answer: null,
  };
  const box = await boxed(hands, command, photo);
  const picture = photo && (await lockBytes(hands.key, await photo.arrayBuffer()));
  await written(store, item, box, picture);
  return item.id;
}

export async function read(hands: Pick<Hands, "store" | "key">): Promise<Read[]> {
  return Promise.all(
    (await items(hands.store)).map(async (item) => ({
      ...item,
      secret: item.secret && (await open<Secret>(hands.key, item.secret)),
      answer: item.answer && (await open<Told>(hands.key, item.answer)),
    })),
  );
}

export async function photoOf(hands: Pick<Hands, "store" | "key">, id: string): Promise<Blob | null> {
  const found = await hands.store.get("photos", id);
  return found ? new Blob([await openBytes(hands.key, found)], { type: "image/jpeg" }) : null;
}

/** A step has come to rest in a state; what arrived or an administrator has needs neither box nor photo any more. */
export async function settle(store: Store, id: string, state: State, answer: Item["answer"] = null): Promise<void> {
  const change = store.transaction(["queue", "boxes", "photos"], "readwrite");
  const item = await change.objectStore("queue").get(id);
  if (item) {
    void change.objectStore("queue").put({ ...item, state, answer });
    if (state === "sent" || state === "kept") {
      void change.objectStore("boxes").delete(id);
      void change.objectStore("photos").delete(id);
    }
  }
  await change.done;
}

export async function answered(hands: Hands, answer: Answer): Promise<void> {
  const locked = await lock(hands.key, { code: answer.code, detail: answer.detail, state: answer.state } satisfies Told);
  const waits = answer.result === "refused" && answer.code === "depends";
  const state = answer.result === "conflict" || answer.result === "refused" ? (waits ? "waiting" : answer.result) : "sent";
  await settle(hands.store, answer.id, state, locked);
}

/** The person does it again on the state of now, perhaps in other words or with another photo. The id stays: what was
 * not carried out left nothing behind, and what builds on it finds it. */
export async function again(
  hands: Hands, item: Read, change: { base: number | null; body: Record<string, unknown>; photo?: Blob | null },
): Promise<void> {
  if (!item.secret) return;
  const photo = change.photo === undefined ? await photoOf(hands, item.id) : change.photo;
  const command: Command = { ...item.secret.command, base: change.base, body: change.body };
  const { secret: before, answer: _answer, ...plain } = item;
  const secret = await lock(hands.key, { ...before, command });
  const box = await boxed(hands, command, photo);
  const picture = photo && (await lockBytes(hands.key, await photo.arrayBuffer()));
  await written(hands.store, { ...plain, state: "waiting", photo: photo !== null, secret, answer: null }, box, picture);
}

/** The person lets a step go, and with it whatever builds on it. The ids of all of them. */
export function withFollowers(queue: readonly Pick<Item, "id" | "after" | "state">[], id: string): string[] {
  const gone = new Set([id]);
  for (const one of queue) if (one.after !== null && gone.has(one.after) && one.state !== "sent") gone.add(one.id);
  return [...gone];
}

export async function letGo(store: Store, ids: readonly string[]): Promise<void> {
  const change = store.transaction(["queue", "boxes", "photos"], "readwrite");
  for (const id of ids) for (const name of ["queue", "boxes", "photos"] as const) void change.objectStore(name).delete(id);
  await change.done;
}

const KEEP_SENT = 24 * 3600_000;

/** What arrived is shown for a day. */
export async function tidy(store: Store, now: number): Promise<void> {
  const old = (await items(store)).filter((one) => one.state === "sent" && now - one.at > KEEP_SENT);
  if (old.length) await letGo(store, old.map((one) => one.id));
}
