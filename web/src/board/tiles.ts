/** The map below everything, where the installation has one: without colour, which means urgency here, and with its
 * approval number at all times. */
import type { IControl, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { make } from "../page";
import { text } from "../texts";
import type { Datum } from "./datum";

export interface Tiles {
  url: string;
  datum: Datum;
  approval: string;
  attribution: string;
}

export function tileSource(tiles: Tiles): SourceSpecification {
  return { type: "raster", tiles: [tiles.url], tileSize: 256, maxzoom: 18 };
}

/** Drawn once the rest of the board is there: a slow server of tiles holds nobody up. */
export function tileLayer(dark: boolean): LayerSpecification {
  return {
    id: "tiles", source: "tiles", type: "raster",
    paint: {
      "raster-saturation": -0.9,
      "raster-opacity": dark ? 0.55 : 0.7,
      "raster-brightness-min": dark ? 1 : 0,
      "raster-brightness-max": dark ? 0.1 : 1, // the other way round: white paper becomes night
      "raster-fade-duration": 0,
    },
  };
}

export function isDark(paper: string): boolean {
  const parts = /^#(..)(..)(..)$/.exec(paper)?.slice(1).map((part) => parseInt(part, 16)) ?? [255];
  return Math.max(...parts) < 128;
}

export class Approval implements IControl {
  private place: HTMLElement | undefined;

  constructor(private readonly tiles: Tiles) {}

  onAdd(): HTMLElement {
    const words = [text("board.approval", { number: this.tiles.approval }), this.tiles.attribution].filter(Boolean);
    this.place = make("p", { class: "maplibregl-ctrl map-approval" }, words.join(" · "));
    return this.place;
  }

  onRemove(): void {
    this.place?.remove();
  }
}
