/** A photo, made small on the phone before it is kept: the long side at most 1,600 pixels, JPEG, nothing in it but the
 * picture (drawing it anew leaves place and camera behind). */
const LONGEST = 1600;
const MOST_BYTES = 1_200_000; // the sealed copy carries it as base64, and a box has a limit
const ENOUGH = 30_000_000;

export class NotAPicture extends Error {}

export function fitted(width: number, height: number, longest = LONGEST): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

export async function shrunk(file: Blob): Promise<Blob> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new NotAPicture();
  }
  let longest = LONGEST;
  for (const quality of [0.8, 0.7, 0.6, 0.5, 0.5]) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = fitted(picture.width, picture.height, longest);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (made && made.size <= MOST_BYTES) {
      picture.close();
      return made;
    }
    longest = Math.round(longest * 0.85);
  }
  throw new NotAPicture();
}

/** Whether there is room for another photo. Browsers answer `estimate` with a round figure (Chrome: always 10 GB), so
 * what decides is `probe`, which writes as much as a photo takes and takes it away again. */
export async function hasRoom(probe: () => Promise<void>): Promise<boolean> {
  const told = await navigator.storage?.estimate?.().catch(() => undefined);
  if (told?.quota !== undefined && told.usage !== undefined && told.quota - told.usage < ENOUGH) return false;
  return probe().then(() => true, () => false);
}

/** As much as a photo takes, locked and sealed, in bytes that no database makes smaller. */
export function aPhotoful(): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(2.5 * MOST_BYTES);
  for (let at = 0; at < made.length; at += 65_536) crypto.getRandomValues(made.subarray(at, at + 65_536));
  return made;
}
