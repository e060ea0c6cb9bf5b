/** My cells with what I owe in them, and where I am. */
import type { Cells, Mark } from "./cells";
import { mine } from "./duties";
import { View, banner, clock, html, icon, levelOf, nothing, phone, text } from "./parts";
import { locate, type Here } from "./place";
import type { Outlines } from "./told";

export class MapView extends View {
  static override properties = { picked: {} };
  declare picked: string;
  private outlines: Outlines | undefined;
  private here: Here | undefined;
  private looking = false;
  private problem = "";

  override async firstUpdated(): Promise<void> {
    this.outlines = await phone.outlines();
    this.requestUpdate();
    await this.updateComplete;
    this.show();
  }

  private get cells(): Cells | null {
    return this.querySelector<Cells>("field-cells");
  }

  private show(): void {
    const row = phone.rows.find((one) => one.id === this.picked);
    if (row?.longitude != null && row.latitude != null) this.cells?.go([row.longitude, row.latitude], 0.5);
  }

  private async locate(): Promise<void> {
    [this.looking, this.problem] = [true, ""];
    this.requestUpdate();
    const cells = this.cells;
    const found = await locate((here) => {
      if (cells) cells.here = here;
      if (!this.here) cells?.go(here.point, 0.4);
      this.here = here;
    });
    this.looking = false;
    if (!found) this.problem = text("field.no position");
    this.requestUpdate();
  }

  private pick(event: CustomEvent<string>): void {
    this.picked = event.detail;
  }

  protected override render() {
    const rows = mine();
    const marks = rows.flatMap((row): Mark[] =>
      row.longitude === null || row.latitude === null ? [] : [{ id: row.id, point: [row.longitude, row.latitude], level: levelOf(row, phone.now()) }],
    );
    const row = rows.find((one) => one.id === this.picked);
    return html`<section class="map-view">
      <field-cells .outlines=${this.outlines} .marks=${marks} @pick=${(event: CustomEvent<string>) => this.pick(event)}></field-cells>
      <div class="map-tools">
        <button class="button square" aria-label=${text("field.map.closer")} @click=${() => this.cells?.zoom(1.6)}>${icon("plus")}</button>
        <button class="button square" aria-label=${text("field.map.farther")} @click=${() => this.cells?.zoom(1 / 1.6)}>${icon("minus")}</button>
        <button class="button square" aria-label=${text("field.map.all")} @click=${() => this.cells?.fit()}>${icon("map")}</button>
        <button class="button square" aria-label=${text("field.here")} ?disabled=${this.looking} @click=${() => void this.locate()}>${icon("locate")}</button>
      </div>
      ${this.problem ? html`<div class="map-note">${banner(this.problem)}</div>` : nothing}
      ${row ? html`<a class="map-card" href="#duty/${row.id}"><span class="card-top">${clock(row)}</span><strong>${row.title}</strong>
        <span class="soft">${[row.place, row.address].filter(Boolean).join(" · ")}</span>${icon("right")}</a>` : nothing}
    </section>`;
  }
}
