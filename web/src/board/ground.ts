/** The map as seen by what is drawn above it: positions in WGS 84, however the map below is counted. */
import type { Map as MapLibre } from "maplibre-gl";
import type { Position } from "../outline";
import type { Frame } from "./datum";

export interface Pixel {
  x: number;
  y: number;
}

export class Ground {
  constructor(
    private readonly map: MapLibre,
    private readonly frame: Frame,
  ) {}

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
