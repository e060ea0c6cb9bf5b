/** What the phone locks and seals. Everything that can be read lies under a data key, which lies under the PIN; what is
 * sealed only the server can open (foundation/devices/boxes.py says the same; tests/vectors/sealed.json holds both). */
import { joined, utf8, uuidBytes, type Bytes } from "./bytes";

/** The owner waits about half a second on a cheap phone; whoever copied the phone's memory waits it for each of a
 * million PINs (OWASP's figure for PBKDF2 with SHA-256). */
export const ROUNDS = 600_000;
const PURPOSE = utf8("qipan field queue 1");
const AES = "AES-GCM";
const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;

export interface Locked {
  iv: Bytes;
  data: ArrayBuffer;
}

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

export interface Wrapped extends Locked {
  salt: Bytes;
  rounds: number;
}

async function fromPin(pin: string, salt: Bytes, rounds: number): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, base, { name: AES, length: 256 }, false, ["wrapKey", "unwrapKey"]);
}

/** A new data key, and itself wrapped under a PIN. The key that is used cannot leave the browser's hands. */
export async function newKey(pin: string, rounds = ROUNDS): Promise<{ key: CryptoKey; wrapped: Wrapped }> {
  const made = await crypto.subtle.generateKey({ name: AES, length: 256 }, true, ["encrypt", "decrypt"]);
  const [salt, iv] = [random(16), random(12)];
  const data = await crypto.subtle.wrapKey("raw", made, await fromPin(pin, salt, rounds), { name: AES, iv });
  const raw = await crypto.subtle.exportKey("raw", made);
  const key = await crypto.subtle.importKey("raw", raw, AES, false, ["encrypt", "decrypt"]);
  return { key, wrapped: { salt, rounds, iv, data } };
}

/** Rejects for the wrong PIN. */
export async function unwrap(pin: string, wrapped: Wrapped): Promise<CryptoKey> {
  const outer = await fromPin(pin, wrapped.salt, wrapped.rounds);
  const how = { name: AES, iv: wrapped.iv };
  return crypto.subtle.unwrapKey("raw", wrapped.data, outer, how, AES, false, ["encrypt", "decrypt"]);
}

export async function lockBytes(key: CryptoKey, bytes: Bytes | ArrayBuffer): Promise<Locked> {
  const iv = random(12);
  return { iv, data: await crypto.subtle.encrypt({ name: AES, iv }, key, bytes) };
}

export function openBytes(key: CryptoKey, locked: Locked): Promise<ArrayBuffer> {
  return crypto.subtle.decrypt({ name: AES, iv: locked.iv }, key, locked.data);
}

export function lock(key: CryptoKey, value: unknown): Promise<Locked> {
  return lockBytes(key, utf8(JSON.stringify(value)));
}

export async function open<T>(key: CryptoKey, locked: Locked): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, locked))) as T;
}

/** The phone's own pair: the public half raw, the private half as PKCS 8. */
export async function newPair(): Promise<{ publicKey: Bytes; privateKey: Bytes }> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
    privateKey: new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
  };
}

export interface Sealer {
  device: string;
  privateKey: CryptoKey;
  serverKey: CryptoKey;
}

export async function sealer(device: string, privateKey: Bytes | ArrayBuffer, serverKey: Bytes): Promise<Sealer> {
  return {
    device,
    privateKey: await crypto.subtle.importKey("pkcs8", privateKey, CURVE, false, ["deriveBits"]),
    serverKey: await crypto.subtle.importKey("raw", serverKey, CURVE, false, []),
  };
}

/** A box that only the server opens. `once` and `iv` are given by a test alone: a box has its own. */
export async function seal(by: Sealer, content: Bytes, once?: CryptoKeyPair, iv = random(12)): Promise<Bytes> {
  once ??= await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const agree = { name: "ECDH", public: by.serverKey };
  const head = new Uint8Array(await crypto.subtle.exportKey("raw", once.publicKey));
  const secret = joined(
    await crypto.subtle.deriveBits(agree, once.privateKey, 256),
    await crypto.subtle.deriveBits(agree, by.privateKey, 256),
  );
  const id = uuidBytes(by.device);
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: head, info: joined(PURPOSE, id) };
  const key = await crypto.subtle.deriveKey(how, base, { name: AES, length: 256 }, false, ["encrypt"]);
  return joined(head, iv, await crypto.subtle.encrypt({ name: AES, iv, additionalData: id }, key, content));
}
