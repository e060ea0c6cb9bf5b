/** The navigation may be longer than the window: where the reader is stays in sight. */
export function startRail(): void {
  const here = document.querySelector<HTMLElement>(".rail [aria-current]");
  const rail = here?.closest<HTMLElement>(".rail");
  if (!here || !rail) return;
  const below = here.offsetTop + here.offsetHeight - rail.clientHeight;
  // A little more, so that it is seen that the list goes on.
  if (below > 0) rail.scrollTop = below + here.offsetHeight;
}
