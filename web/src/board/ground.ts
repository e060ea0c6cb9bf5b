/** The map as seen by what is drawn above it: positions in WGS 84, however the map below is counted. */
import type { Map as MapLibre } from "maplibre-gl";
import type { Position } from "../outline";
import type { Frame } from "./datum";

export interface Pixel {
  x: number;
  y: number;
}

/** Who gets the clicks on the map while it is measured. */
export interface Taker {
  clicked(at: Pixel): void;
  moved(at: Pixel): void;
  doubled(): void;
}

export class Ground {
  private taker: Taker | undefined;

  constructor(
    private readonly map: MapLibre,
    private readonly frame: Frame,
  ) {
    map.on("click", (event) => this.taker?.clicked(event.point));
    map.on("mousemove", (event) => this.taker?.moved(event.point));
    map.on("dblclick", (event) => {
      if (!this.taker) return;
      event.preventDefault(); // no closer look
      this.taker.doubled();
    });
  }

  take(taker: Taker | undefined): void {
    this.taker = taker;
  }

  get taken(): boolean {
    return this.taker !== undefined;
  }

  /** The middle of the map, which the arrow keys move once it has the keyboard. */
  get middle(): Pixel {
    const { clientWidth, clientHeight } = this.map.getCanvas();
    return { x: clientWidth / 2, y: clientHeight / 2 };
  }

  focus(): void {
    this.map.getCanvas().focus({ preventScroll: true });
  }

  onMove(does: () => void): void {
    this.map.on("move", does);
  }

  project(point: Position): Pixel {
    return this.map.project(this.frame.shown(point));
  }

  unproject({ x, y }: Pixel): Position {
    const { lng, lat } = this.map.unproject([x, y]);
    return this.frame.meant([lng, lat]);
  }

  /** Two opposite corners of what is to be seen. */
  view(): [Position, Position] {
    const bounds = this.map.getBounds();
    return [
      this.frame.meant([bounds.getWest(), bounds.getSouth()]),
      this.frame.meant([bounds.getEast(), bounds.getNorth()]),
    ];
  }
}
