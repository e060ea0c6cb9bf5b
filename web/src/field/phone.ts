/** The phone as a whole: locked or open, what it holds, its queue, and its talk with the server. */
import { Away, Refused, ask } from "./ask";
import { aPhotoful, hasRoom } from "./camera";
import { drain } from "./drain";
import * as held from "./held";
import * as keys from "./keys";
import { backOff, clockOff, isOver, serverNow, type Lease } from "./lease";
import * as queue from "./queue";
import { drainSealed } from "./sealed";
import { LOCK, forget, getMeta, items, openStore, setMeta, type Meta, type Store } from "./store";
import type { Category, Me, Patrol, Row } from "./told";
import { language } from "./words";

/** `ended`: unlocked, but the phone may show nothing until the server has spoken. */
export type Stage = "starting" | "unfit" | "unbound" | "locked" | "open" | "ended";

export const AWAY_LONG = 5 * 60_000;
const NO_PATROL: Patrol = { visits: [], checklists: [] };
const POLL = 60_000;
const NEWS_TAKE = 2_000;

interface MeAnswer {
  post: { person: string; role_name: string; area: number; area_name: string; unit_name: string };
  on_duty: boolean;
  abilities: string[];
}

export class Phone extends EventTarget {
  stage: Stage = "starting";
  ended: Meta["ended"] | undefined;
  rows: Row[] = [];
  categories: Category[] = [];
  recent: string[] = [];
  patrol: Patrol = NO_PATROL;
  queue: queue.Read[] = [];
  unsent = 0; // known also while locked
  me: Me | undefined;
  onDuty = false;
  shares = false; // whether the desks may see where I am while on duty
  online: boolean | undefined;
  syncing = false;
  tooOld = false;
  trouble = ""; // what the server says against this phone's calls, in its words
  toldAt = 0;
  lease: Lease | undefined;
  private store!: Store;
  private hands: queue.Hands | undefined;
  private failed = 0;
  private timer = 0;
  private once = false;

  private say(): void {
    this.dispatchEvent(new Event("change"));
  }

  now(): number {
    return serverNow(this.lease, Date.now());
  }

  get clockOff(): number {
    return clockOff(this.lease);
  }

  async begin(): Promise<void> {
    if (!isSecureContext || !globalThis.indexedDB || !crypto.subtle || !navigator.locks) {
      this.stage = "unfit";
      return this.say();
    }
    this.store = await openStore();
    [this.ended, this.lease] = [await getMeta(this.store, "ended"), await getMeta(this.store, "lease")];
    this.stage = (await getMeta(this.store, "pin")) ? "locked" : "unbound";
    await this.count();
    await this.watchLease();
    this.say();
    this.listen();
    if (this.unsent) void this.sync();
  }

  private listen(): void {
    addEventListener("online", () => this.soon());
    addEventListener("offline", () => ((this.online = false), this.say()));
    addEventListener("focus", () => this.soon());
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
    setInterval(() => void this.watchLease(), 30_000);
    setInterval(() => document.hidden || this.stage !== "open" || this.soon(), POLL);
    navigator.serviceWorker?.addEventListener("message", (event: MessageEvent) => {
      if (event.data !== "drain" || !this.hands) return; // locked: the worker sends what is sealed
      event.ports[0]?.postMessage("taken");
      this.soon();
    });
  }

  private soon(): void {
    this.failed = 0;
    void this.sync();
  }

  private async count(): Promise<void> {
    this.unsent = (await items(this.store)).filter((one) => one.state !== "sent" && one.state !== "kept").length;
  }

  private async watchLease(): Promise<void> {
    const [lease, now] = [this.lease, Date.now()];
    if (!lease || this.ended) return;
    if (isOver(lease, now)) return this.end("lease");
    if (now > lease.seen + 60_000) await this.keepLease({ ...lease, seen: now });
  }

  private async keepLease(lease: Lease): Promise<void> {
    this.lease = { ...lease, seen: Math.max(lease.seen, Date.now()) };
    await setMeta(this.store, "lease", this.lease);
  }

  async bind(name: string, pin: string): Promise<void> {
    void navigator.storage?.persist?.().catch(() => false);
    this.hands = await keys.bind(this.store, name, pin, language());
    [this.ended, this.lease] = [undefined, await getMeta(this.store, "lease")];
    await this.whoAmI(name);
    this.stage = "open";
    this.say();
    await this.sync();
  }

  async unlock(pin: string): Promise<keys.Unlocked> {
    const found = await keys.unlock(this.store, pin, Date.now());
    if (found === "forgotten") {
      [this.stage, this.ended] = ["unbound", "pin"];
      this.say();
      void this.sync();
    } else if ("hands" in found) {
      this.hands = found.hands;
      this.stage = this.ended ? "ended" : "open";
      await this.load();
      this.say();
      void this.sync();
    }
    return found;
  }

  lock(): void {
    if (this.stage !== "open" && this.stage !== "ended") return;
    this.hands = this.me = undefined;
    [this.rows, this.categories, this.queue, this.patrol, this.stage] = [[], [], [], NO_PATROL, "locked"];
    this.say();
  }

  private async load(): Promise<void> {
    const hands = this.hands;
    if (!hands) return;
    const [rows, categories, recent, me, onDuty, told, patrol, shares] = await Promise.all([
      held.get(hands, "rows"), held.get(hands, "categories"), held.get(hands, "recent"), held.get(hands, "me"),
      held.get(hands, "onDuty"), held.get(hands, "told"), held.get(hands, "patrol"), held.get(hands, "shares"),
    ]);
    if (hands !== this.hands) return; // locked meanwhile
    [this.rows, this.categories, this.recent] = [rows ?? [], categories ?? [], recent ?? []];
    [this.patrol, this.shares] = [patrol ?? NO_PATROL, shares ?? false];
    [this.me, this.onDuty, this.toldAt] = [me ?? this.me, onDuty ?? false, told?.at ?? 0];
    await this.readQueue();
  }

  private async readQueue(): Promise<void> {
    await this.count();
    if (this.hands) this.queue = await queue.read(this.hands);
  }

  async share(wanted: boolean): Promise<void> {
    this.shares = wanted;
    if (this.hands) await held.put(this.hands, "shares", wanted);
    this.say();
  }

  /** The outlines of the own cells; read when a map is shown, because they are the largest thing on the phone. */
  async outlines(): Promise<import("./told").Outlines | undefined> {
    return this.hands && held.get(this.hands, "areas");
  }

  draft<T>(name: string): Promise<T | undefined> {
    return this.hands ? held.draft<T>(this.hands, name) : Promise.resolve(undefined);
  }

  async keepDraft(name: string, value: unknown): Promise<void> {
    if (this.hands) await held.keepDraft(this.hands, name, value);
  }

  private async whoAmI(name?: string): Promise<void> {
    const hands = this.hands;
    if (!hands) return;
    const { post, on_duty, abilities } = await ask<MeAnswer>("GET", "/api/v1/posts/me", { language: language() });
    this.me = {
      person: post.person, role: post.role_name, place: post.unit_name || post.area_name, area: post.area,
      phone: name ?? this.me?.phone ?? "", handles: abilities.includes("incidents.handle"),
    };
    // A shift that was opened or closed here and has not arrived yet is truer than what the server knows.
    if (!this.queue.some((one) => one.state === "waiting" && one.secret?.command.step.startsWith("shift"))) this.onDuty = on_duty;
    await held.put(hands, "me", this.me);
    await held.put(hands, "onDuty", this.onDuty);
  }

  /** A step is done: it is on the phone from now on, and on its way. Raises NoRoom. */
  async take(step: string, about: Row | null, body: Record<string, unknown>, label: string, photo: Blob | null = null): Promise<void> {
    const hands = this.hands;
    if (!hands) throw new Error("locked");
    const after = about ? queue.lastAbout(this.queue, about.id) : null;
    const done = { step, about: about?.id ?? null, base: about?.version ?? null, after, body };
    await queue.add(hands, done, label, photo);
    if (step === "report") {
      const used = String(body["category"]);
      this.recent = [used, ...this.recent.filter((one) => one !== used)].slice(0, 6);
      await held.put(hands, "recent", this.recent);
    }
    if (step.startsWith("shift")) {
      this.onDuty = step === "shift_on";
      await held.put(hands, "onDuty", this.onDuty);
    }
    await this.readQueue();
    this.say();
    void wakeLater();
    void this.sync();
  }

  async again(item: queue.Read, change: Parameters<typeof queue.again>[2]): Promise<void> {
    if (!this.hands) return;
    await queue.again(this.hands, item, change);
    // Whoever decides on the state of now decides so for what was queued on top of it.
    for (const id of queue.withFollowers(this.queue, item.id).slice(1)) {
      const next = this.queue.find((one) => one.id === id);
      if (next?.secret) await queue.again(this.hands, next, { base: change.base, body: next.secret.command.body });
    }
    await this.readQueue();
    this.say();
    void this.sync();
  }

  async letGo(item: queue.Read): Promise<void> {
    await queue.letGo(this.store, queue.withFollowers(this.queue, item.id));
    await this.readQueue();
    this.say();
    void this.sync();
  }

  /** Whether another photo finds room: asked before one is taken. */
  hasRoom(): Promise<boolean> {
    return hasRoom(async () => {
      await this.store.put("boxes", aPhotoful(), "probe");
      await this.store.delete("boxes", "probe");
    });
  }

  photo(item: queue.Read): Promise<Blob | null> {
    return this.hands ? queue.photoOf(this.hands, item.id) : Promise.resolve(null);
  }

  /** Sends what waits and asks what is new. One at a time over all pages and the worker; asked again while it runs, it
   * runs once more. */
  async sync(): Promise<void> {
    if (!this.store) return;
    if (this.syncing) return void (this.once = true);
    this.syncing = true;
    clearTimeout(this.timer);
    this.say();
    try {
      await navigator.locks.request(LOCK, () => this.talk());
      [this.online, this.failed, this.tooOld, this.trouble] = [true, 0, false, ""];
    } catch (error) {
      await this.heardNo(error);
    }
    await this.readQueue();
    this.syncing = false;
    this.say();
    if (this.once) {
      this.once = false;
      void this.sync();
    }
  }

  private async talk(): Promise<void> {
    const hands = this.hands;
    if (!hands) return void (await drainSealed(this.store));
    const keep = (lease: Lease) => this.keepLease(lease);
    if (this.ended) await keep(await held.refresh(hands, language())); // is the session there again?
    if (this.ended) await this.store.delete("meta", "ended");
    this.ended = undefined;
    if (this.stage === "ended") this.stage = "open";
    await queue.tidy(this.store, Date.now());
    let sent = await drain(hands, language(), keep);
    if (this.queue.some((one) => !one.secret || one.device !== hands.sealer.device)) sent += await drainSealed(this.store, { lost: true });
    await keep(await held.refresh(hands, language()));
    // What was just carried out is told as news a moment later, when it has its place in the journal.
    if (sent) setTimeout(() => void this.sync(), NEWS_TAKE);
    if (sent || !this.me) await this.whoAmI();
    if (hands === this.hands) await this.load();
  }

  private later(): void {
    this.online = false;
    this.failed += 1;
    this.timer = window.setTimeout(() => void this.sync(), backOff(this.failed));
  }

  private async heardNo(error: unknown): Promise<void> {
    if (error instanceof Away) this.later();
    else if (error instanceof Refused) {
      this.online = true;
      if (error.status === 426) {
        this.tooOld = true;
        this.dispatchEvent(new Event("outdated"));
      } else if (error.status === 401) await this.end("signed-out");
      else if (error.code === "device-revoked") await this.end("revoked");
      else if (error.status === 404) await this.end("other");
      else this.trouble = error.detail;
    } else throw error;
  }

  /** Reading ends; what was done goes its way sealed. */
  private async end(why: Meta["ended"]): Promise<void> {
    const again = this.ended === why;
    const gone = why === "revoked";
    if (!again) await forget(this.store, why, { words: gone || why === "lease", keys: gone });
    this.ended = why;
    [this.rows, this.categories, this.recent, this.patrol] = [[], [], [], NO_PATROL];
    if (gone) {
      this.hands = this.me = undefined;
      this.stage = "unbound";
    } else if (this.stage === "open") this.stage = "ended";
    await this.count();
    this.say();
    if (this.unsent) await navigator.locks.request(LOCK, () => drainSealed(this.store)).catch(() => this.later());
    await this.readQueue();
    this.say();
  }
}

/** Asks the browser to wake the worker when there is a network, where it can. */
async function wakeLater(): Promise<void> {
  const worker = (await navigator.serviceWorker?.getRegistration("/field/")) as
    | (ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } })
    | undefined;
  await worker?.sync?.register("drain").catch(() => undefined);
}

/** This phone. */
export const phone = new Phone();
