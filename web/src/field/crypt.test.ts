import { describe, expect, test } from "vitest";
import vector from "../../../tests/vectors/sealed.json";
import { base64, fromBase64, uuidBytes, utf8 } from "./bytes";
import { lock, newKey, newPair, open, seal, sealer, unwrap } from "./crypt";

const CURVE = { name: "ECDH", namedCurve: "P-256" };

describe("what only the server opens", () => {
  test("is what the server's own code makes of the same keys", async () => {
    const by = await sealer(vector.device, fromBase64(vector.device_private), fromBase64(vector.server_public));
    const once = {
      privateKey: await crypto.subtle.importKey("pkcs8", fromBase64(vector.once_private), CURVE, true, ["deriveBits"]),
      publicKey: await crypto.subtle.importKey("raw", fromBase64(vector.once_public), CURVE, true, []),
    };
    expect(base64(await seal(by, utf8(vector.content), once, fromBase64(vector.nonce)))).toBe(vector.box);
  });

  test("differs each time", async () => {
    const pair = await newPair();
    const by = await sealer(vector.device, pair.privateKey, fromBase64(vector.server_public));
    const [one, other] = [await seal(by, utf8("x")), await seal(by, utf8("x"))];
    expect(one.length).toBe(65 + 12 + 16 + 1);
    expect(base64(one)).not.toBe(base64(other));
  });
});

describe("what lies under the PIN", () => {
  test("opens with it and with no other", async () => {
    const { key, wrapped } = await newKey("482913", 1000);
    const locked = await lock(key, { words: "已修复" });
    expect(await open(await unwrap("482913", wrapped), locked)).toEqual({ words: "已修复" });
    await expect(unwrap("482914", wrapped)).rejects.toBeDefined();
    expect(key.extractable).toBe(false);
  });
});

test("an id is its sixteen bytes", () => {
  expect([...uuidBytes("00000000-0000-7000-8000-0000000000ff")].slice(6)).toEqual([0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 255]);
  expect(base64(fromBase64("AAEC"))).toBe("AAEC");
});
