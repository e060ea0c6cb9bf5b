/** The app renews itself: the new build waits beside the old one until nobody is in the middle of something. */
import type { Phone } from "./phone";

const HOUR = 3600_000;

export function keepCurrent(phone: Phone): void {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const had = Boolean(workers.controller);
  let reloading = false;
  workers.addEventListener("controllerchange", () => {
    if (!had || reloading) return;
    reloading = true;
    location.reload();
  });
  void workers
    .register("/field/sw.js", { scope: "/field/", type: "module", updateViaCache: "none" })
    .then((registration) => {
      const takeOver = () => {
        // The queue and what was typed lie in the database, but a reload asks for the PIN: not under somebody's hands.
        const free = document.hidden || phone.tooOld || (phone.stage !== "open" && phone.stage !== "ended");
        if (free) registration.waiting?.postMessage("take-over");
      };
      const look = () => void registration.update().then(takeOver, () => undefined);
      registration.addEventListener("updatefound", () => {
        const fresh = registration.installing;
        fresh?.addEventListener("statechange", () => fresh.state === "installed" && takeOver());
      });
      document.addEventListener("visibilitychange", takeOver);
      phone.addEventListener("change", takeOver);
      phone.addEventListener("outdated", look);
      setInterval(look, HOUR);
      takeOver();
    })
    .catch(() => undefined); // without a worker the app works, but does not start without a network
}
