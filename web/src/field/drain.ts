/** Sending the queue with the person signed in: photos first, then the steps in their order, each answer kept. */
import { Refused, ask, heard } from "./ask";
import { get, put } from "./held";
import type { Lease } from "./lease";
import { answered, photoOf, read, sendable, settle, type Hands } from "./queue";
import { lock } from "./crypt";
import { standing, type Answer } from "./told";

const AT_ONCE = 50;
/** What a refusal says about the phone or the session and not about the photo that was sent. */
const ABOUT_PHONE = new Set([401, 403, 404, 409, 426]);

interface Answers {
  answers: Answer[];
  lease_until: string;
  now: string;
}

/** Sends all that may be sent. Raises Away, and Refused where the phone or its person is not known any more. */
export async function drain(hands: Hands, language: string, told: (lease: Lease) => Promise<void>): Promise<number> {
  const tried = new Set<string>();
  let sent = 0;
  for (;;) {
    const queue = (await read(hands)).filter((one) => one.secret && one.device === hands.sealer.device);
    const batch = sendable(queue).filter((one) => !tried.has(one.id)).slice(0, AT_ONCE);
    if (!batch.length) return sent;
    const ready = [];
    for (const item of batch) {
      tried.add(item.id);
      if (await withPhoto(hands, item.id, language)) ready.push(item);
      else break; // what comes after it must not overtake it
    }
    if (!ready.length) continue;
    const body = { device: hands.sealer.device, commands: ready.map((one) => one.secret?.command) };
    const { answer, lease } = await heard<Answers>("POST", "/commands", { body, language });
    for (const each of answer.answers) {
      await answered(hands, each);
      if (each.result === "applied" || each.result === "repeated") sent += 1;
    }
    await stand(hands, answer.answers);
    await told(lease);
  }
}

/** The rows as the answers say that they stand now. */
async function stand(hands: Hands, answers: readonly Answer[]): Promise<void> {
  const rows = (await get(hands, "rows")) ?? [];
  await put(hands, "rows", standing(rows, answers));
}

/** Sends the step's photo. False where the server will not have it: then the step waits for the person. */
async function withPhoto(hands: Hands, id: string, language: string): Promise<boolean> {
  const photo = await photoOf(hands, id);
  if (!photo) return true;
  try {
    await ask("PUT", `/photos/${id}?device=${hands.sealer.device}`, { raw: photo, language });
    return true;
  } catch (error) {
    if (!(error instanceof Refused) || ABOUT_PHONE.has(error.status)) throw error;
    await settle(hands.store, id, "refused", await lock(hands.key, { code: error.code, detail: error.detail, state: null }));
    return false;
  }
}
