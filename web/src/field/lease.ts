/** How long the phone may show what it holds without a word from the server, and what the server's clock shows. */
export interface Lease {
  until: number; // by the server's clock, as all times below but `seen`
  offset: number; // milliseconds that the phone's clock is behind the server's
  seen: number; // the latest time that the phone's clock ever showed
}

export const DOUBTFUL = 5 * 60_000; // the server flags steps beyond this

/** The server's time as the phone knows it. Setting the clock back gains nothing: time stands still until it is right. */
export function serverNow(lease: Lease | undefined, now: number): number {
  return Math.max(now, lease?.seen ?? 0) + (lease?.offset ?? 0);
}

export function isOver(lease: Lease, now: number): boolean {
  return serverNow(lease, now) >= lease.until;
}

/** The lease after the server said what time it is. `sent`, `came`: when the question went and the answer came. */
export function renewed(until: string, now: string, sent: number, came: number): Lease {
  return { until: Date.parse(until), offset: Math.round(Date.parse(now) - (sent + came) / 2), seen: came };
}

/** By how many minutes the phone's clock is ahead (behind where below 0); 0 where it is right enough. */
export function clockOff(lease: Lease | undefined): number {
  return lease && Math.abs(lease.offset) > DOUBTFUL ? -Math.round(lease.offset / 60_000) : 0;
}

const SECOND = 1000;

/** When to try again after so many failures in a row: 2 s, 4 s … 5 min, each with a little chance. */
export function backOff(failed: number, chance = Math.random()): number {
  return Math.min(300 * SECOND, 2 ** failed * SECOND) * (0.75 + chance / 2);
}
