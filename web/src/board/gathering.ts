/** A map that draws its beginning at once instead of piece by piece: without a graphics card every drawing takes a
 * tenth of a second from what the next piece needs. */
import { Map as MapLibre, type MapSourceDataEvent } from "maplibre-gl";

const LONGEST = 400; // milliseconds without a drawing

export class GatheringMap extends MapLibre {
  private awaited: Set<string> | undefined; // sources whose data are on their way
  private drawing = false;
  private drawnAt = 0;
  private late: ReturnType<typeof setTimeout> | undefined;

  /** From now until the map rests, or is moved, it is drawn when all these sources have their data, and when all tiles
   * are there. */
  gather(sources: Iterable<string>): void {
    this.awaited = new Set(sources);
    [this.drawing, this.drawnAt] = [false, performance.now()];
    const came = ({ sourceId, sourceDataType }: MapSourceDataEvent) => {
      if (sourceDataType === "content" && this.awaited?.delete(sourceId)) this.triggerRepaint();
    };
    const drawn = () => (this.drawing = false);
    const heard = [this.on("sourcedata", came), this.on("render", drawn)];
    const end = () => {
      this.awaited = undefined;
      clearTimeout(this.late);
      for (const one of heard) one.unsubscribe();
    };
    heard.push(this.on("idle", end), this.on("movestart", end));
  }

  override triggerRepaint(): void {
    if (!this.awaited) return super.triggerRepaint();
    if (this.drawing) return; // it asks again when it is through
    const rest = this.drawnAt + LONGEST - performance.now();
    if (rest > 0 && (this.awaited.size || !this.areTilesLoaded())) {
      this.late ??= setTimeout(() => ((this.late = undefined), this.triggerRepaint()), rest);
      return;
    }
    [this.drawing, this.drawnAt] = [true, performance.now()];
    super.triggerRepaint();
  }
}
