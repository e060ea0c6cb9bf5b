/** Bytes and their base64. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function joined(...parts: readonly (Uint8Array | ArrayBuffer)[]): Bytes {
  const arrays = parts.map((part) => (part instanceof ArrayBuffer ? new Uint8Array(part) : part));
  const made = new Uint8Array(arrays.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of arrays) {
    made.set(one, at);
    at += one.length;
  }
  return made;
}

export function base64(bytes: Uint8Array | ArrayBuffer): string {
  const given = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  let text = "";
  // In slices: an argument list has a limit, and a photo is longer than it.
  for (let at = 0; at < given.length; at += 0x8000) text += String.fromCharCode(...given.subarray(at, at + 0x8000));
  return btoa(text);
}

export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function uuidBytes(id: string): Bytes {
  return Uint8Array.from(id.replace(/-/g, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;
