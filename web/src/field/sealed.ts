/** The queue's sealed copies, sent without a session and without being read: after signing out, and while the app is
 * closed or locked. */
import { Away, Refused, ask } from "./ask";
import { base64 } from "./bytes";
import { sendable, settle } from "./queue";
import { isOver } from "./lease";
import { getMeta, items, type State, type Store } from "./store";

interface Received {
  id: string;
  seq: number;
  result: "applied" | "repeated" | "kept" | "waiting";
}

const STATES: Record<Received["result"], State> = { applied: "sent", repeated: "sent", kept: "kept", waiting: "undecided" };

/** Whether the person cannot decide on this phone any more, so that an administrator shall. */
export async function isLeft(store: Store, now: number): Promise<boolean> {
  const [ended, lease] = [await getMeta(store, "ended"), await getMeta(store, "lease")];
  return ended === "revoked" || ended === "lease" || ended === "pin" || (lease !== undefined && isOver(lease, now));
}

/** Sends what is sealed, in order. How many steps found their end. `lost`: only what can be read here no more.
 * Raises Away. */
export async function drainSealed(store: Store, options: { lost?: boolean } = {}): Promise<number> {
  const left = await isLeft(store, Date.now());
  const bound = (await getMeta(store, "bound"))?.device;
  const queue = await items(store);
  const may = new Set(sendable(queue).map((one) => one.id));
  let done = 0;
  for (const item of queue) {
    // Where nobody decides here any more, what was refused before goes to the administrator too.
    const keep = left || item.device !== bound || item.secret === null;
    if (item.state === "sent" || item.state === "kept" || (options.lost && !keep)) continue;
    if (!keep && (item.state !== "waiting" || !may.has(item.id))) continue;
    const box = await store.get("boxes", item.id);
    if (!box) continue;
    try {
      const body = { device: item.device, sealed: base64(box), keep };
      const [answer] = await ask<Received[]>("POST", "/sealed", { body, session: false });
      await settle(store, item.id, STATES[answer?.result ?? "waiting"], item.answer);
      if (answer && answer.result !== "waiting") done += 1;
    } catch (error) {
      if (error instanceof Away || (error instanceof Refused && error.status === 426)) throw error;
      await settle(store, item.id, "undecided", item.answer); // damaged: nothing is thrown away
    }
  }
  return done;
}
