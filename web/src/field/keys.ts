/** Binding, unlocking by PIN, and what happens to the keys when it goes wrong. */
import { ask, heard } from "./ask";
import { base64, fromBase64 } from "./bytes";
import { lockBytes, newKey, newPair, openBytes, sealer, unwrap } from "./crypt";
import { MOST_WRONG, waitLeft } from "./pin";
import type { Hands } from "./queue";
import { drainSealed } from "./sealed";
import { forget, getMeta, setMeta, type Store } from "./store";

interface BoundAnswer {
  device: string;
  server_public_key: string;
  lease_until: string;
  now: string;
}

/** Binds this phone to the post that is signed in, and sets its PIN. Raises Away, Refused. */
export async function bind(store: Store, name: string, pin: string, language: string): Promise<Hands> {
  await drainSealed(store).catch(() => 0); // what an earlier binding left behind goes first, while it still counts
  const { key, wrapped } = await newKey(pin);
  const pair = await newPair();
  const body = { name, public_key: base64(pair.publicKey) };
  const { answer, lease } = await heard<BoundAnswer>("POST", "/bind", { body, language });
  const serverKey = fromBase64(answer.server_public_key);
  const former = await getMeta(store, "former");
  const privateKey = await lockBytes(key, pair.privateKey);
  const change = store.transaction("meta", "readwrite");
  void change.store.put({ device: answer.device, serverKey, privateKey }, "bound");
  void change.store.put(wrapped, "pin");
  void change.store.put(lease, "lease");
  for (const each of ["wrong", "ended", "former"]) void change.store.delete(each);
  await change.done;
  if (former) await ask("POST", `/devices/${former}/revoke`, { body: {}, language }).catch(() => undefined);
  return { store, key, sealer: await sealer(answer.device, pair.privateKey, serverKey) };
}

export type Unlocked = { hands: Hands } | { wait: number; left: number } | "forgotten";

/** Opens the phone, or says how long to wait and how many attempts are left. After the last one nothing can be read. */
export async function unlock(store: Store, pin: string, now: number): Promise<Unlocked> {
  const [bound, wrapped] = [await getMeta(store, "bound"), await getMeta(store, "pin")];
  if (!bound || !wrapped) return "forgotten";
  const wrong = (await getMeta(store, "wrong")) ?? { failed: 0, at: 0 };
  const wait = waitLeft(wrong, now);
  if (wait > 0) return { wait, left: MOST_WRONG - wrong.failed };
  // Counted before it is tried: closing the app in between gives no attempt for free.
  const failed = wrong.failed + 1;
  await setMeta(store, "wrong", { failed, at: now });
  let key: CryptoKey;
  try {
    key = await unwrap(pin, wrapped);
  } catch {
    if (failed < MOST_WRONG) return { wait: waitLeft({ failed, at: now }, now), left: MOST_WRONG - failed };
    await forget(store, "pin", { words: true, keys: true });
    return "forgotten";
  }
  await store.delete("meta", "wrong");
  const privateKey = await openBytes(key, bound.privateKey);
  return { hands: { store, key, sealer: await sealer(bound.device, privateKey, bound.serverKey) } };
}
