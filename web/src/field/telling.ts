/** Where I am while on duty: told to the desks above me if I allow it, the last point only, kept nowhere here. */
import { ask } from "./ask";
import { phone } from "./phone";
import { locate } from "./place";

export const EVERY = 2 * 60_000; // the server forgets a point after a quarter of an hour

export async function tellHere(): Promise<void> {
  const may = () => phone.stage === "open" && phone.shares && phone.onDuty && phone.online !== false && !document.hidden;
  if (!may()) return;
  const here = await locate(() => undefined);
  if (!here || !may()) return; // taken back meanwhile
  const [longitude, latitude] = here.point;
  await ask("POST", "/api/v1/board/here", { body: { longitude, latitude, accuracy: Math.min(here.accuracy, 100_000) } }).catch(() => undefined);
}
