/** How often a PIN may be tried: five times freely, then after longer and longer waits, and ten times in all. */
export const LENGTH = 6;
export const MOST_WRONG = 10;
const FREE = 5;
const WAITS = [30, 60, 120, 300, 900]; // seconds after the fifth, sixth … wrong one

export interface Wrong {
  failed: number;
  at: number;
}

/** How long to wait yet, in milliseconds. A clock that was set back begins the wait anew. */
export function waitLeft(wrong: Wrong, now: number): number {
  const wait = wrong.failed < FREE ? 0 : (WAITS[Math.min(wrong.failed - FREE, WAITS.length - 1)] ?? 0) * 1000;
  return now < wrong.at ? wait : Math.max(0, wrong.at + wait - now);
}

export function isPin(text: string): boolean {
  return new RegExp(`^\\d{${LENGTH}}$`).test(text);
}

/** 111111 and 123456 are tried first by anybody. */
export function isPlain(pin: string): boolean {
  const steps = [...pin].slice(1).map((digit, index) => Number(digit) - Number(pin[index]));
  return [-1, 0, 1].some((step) => steps.every((one) => one === step));
}
