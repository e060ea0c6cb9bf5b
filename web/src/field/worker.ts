/** The service worker: keeps the shell, sends the sealed queue from the background. `/field/sw.js` starts it with what
 * this build consists of (workflows/field/pages.py). What the API says is never kept here. */
import { drainSealed } from "./sealed";
import { LOCK, openStore } from "./store";

/** The few things of a service worker that are used; the compiler's own types of it exclude those of pages. */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchLike extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  addEventListener(kind: string, does: (event: never) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(what: { type: "window" }): Promise<{ postMessage(message: unknown, moved?: Transferable[]): void }[]> };
}
const scope = self as unknown as Scope;

const PREFIX = "field-";
const HEARS = 3_000;

export interface Build {
  name: string;
  shell: string;
  assets: string[];
}

export function start(build: Build): void {
  const cacheName = PREFIX + build.name;
  const known = new Set(build.assets);

  scope.addEventListener("install", (event: Extendable) => {
    const fresh = [build.shell, ...build.assets].map((one) => new Request(one, { cache: "reload", credentials: "same-origin" }));
    event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(fresh)));
  });

  scope.addEventListener("activate", (event: Extendable) => {
    event.waitUntil(
      (async () => {
        const old = (await caches.keys()).filter((one) => one.startsWith(PREFIX) && one !== cacheName);
        await Promise.all(old.map((one) => caches.delete(one)));
        await scope.clients.claim();
      })(),
    );
  });

  scope.addEventListener("fetch", (event: FetchLike) => {
    const address = new URL(event.request.url);
    if (event.request.method !== "GET" || address.origin !== location.origin) return;
    const wanted = event.request.mode === "navigate" && address.pathname === build.shell ? build.shell : address.pathname;
    if (wanted !== build.shell && !known.has(wanted)) return;
    event.respondWith(
      caches.open(cacheName).then(async (cache) => (await cache.match(wanted)) ?? fetch(event.request)),
    );
  });

  scope.addEventListener("message", (event: Extendable & { data: unknown }) => {
    if (event.data === "take-over") event.waitUntil(scope.skipWaiting());
  });

  scope.addEventListener("sync", (event: Extendable & { tag: string }) => {
    if (event.tag === "drain") event.waitUntil(drainHere());
  });
}

/** An open page that can read the queue sends it itself, so that the person is asked about conflicts; else sealed. */
async function drainHere(): Promise<void> {
  for (const client of await scope.clients.matchAll({ type: "window" })) if (await takes(client)) return;
  await navigator.locks.request(LOCK, async () => {
    const store = await openStore();
    try {
      await drainSealed(store);
    } finally {
      store.close();
    }
  });
}

function takes(client: { postMessage(message: unknown, moved?: Transferable[]): void }): Promise<boolean> {
  return new Promise((found) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => found(true);
    setTimeout(() => found(false), HEARS);
    client.postMessage("drain", [port2]);
  });
}
