/** `/` finds anything: coordinates in their datum here; areas, premises, incidents and units from the server. */
import { html, LitElement, nothing } from "lit";
import { text } from "../texts";
import { json } from "./data";
import { coordinates } from "./places";

export interface Found {
  kind: string;
  id: string;
  label: string;
  detail: string;
  longitude: number | null;
  latitude: number | null;
  link: string;
}

export class BoardFind extends LitElement {
  address = "";
  chosen: (found: Found) => void = () => undefined;
  private found: Found[] | undefined;
  private at = 0;
  private asking: AbortController | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  private typed(words: string): void {
    clearTimeout(this.waiting);
    this.asking?.abort();
    this.at = 0;
    if (!words.trim()) {
      this.found = undefined;
      return this.requestUpdate();
    }
    const place = this.here(words);
    if (place) this.found = [place];
    this.requestUpdate();
    if (!place) this.waiting = setTimeout(() => void this.ask(words), 150);
  }

  private here(words: string): Found | undefined {
    const point = coordinates(words);
    if (!point) return undefined;
    const { longitude, latitude, datum } = point;
    const label = `${longitude.toFixed(5)}, ${latitude.toFixed(5)}`;
    return { kind: "place", id: "", label, detail: text("board.coordinates", { datum }), longitude, latitude, link: "" };
  }

  private async ask(words: string): Promise<void> {
    const { signal } = (this.asking = new AbortController());
    const found = await json<Found[]>(`${this.address}?${new URLSearchParams({ q: words })}`, signal).catch(() => undefined);
    if (signal.aborted) return;
    this.found = found;
    this.requestUpdate();
  }

  private key(event: KeyboardEvent): void {
    const most = this.found?.length ?? 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.at = most ? (this.at + (event.key === "ArrowDown" ? 1 : most - 1)) % most : 0;
      this.requestUpdate();
    } else if (event.key === "Enter") {
      const found = this.found?.[this.at];
      if (found) this.choose(found);
    } else if (event.key === "Escape") this.close();
  }

  private choose(found: Found): void {
    this.close();
    this.querySelector("input")?.blur();
    this.chosen(found);
  }

  private close(): void {
    clearTimeout(this.waiting);
    this.asking?.abort();
    this.found = undefined;
    this.requestUpdate();
  }

  protected override render() {
    const open = this.found !== undefined;
    return html`<input type="search" role="combobox" data-search maxlength="100" autocomplete="off"
        placeholder=${text("board.find")} aria-label=${text("board.find")} aria-expanded=${open} aria-controls="board-found"
        aria-activedescendant=${open && this.found?.length ? `found-${this.at}` : nothing}
        @input=${(event: Event) => this.typed((event.target as HTMLInputElement).value)}
        @keydown=${(event: KeyboardEvent) => this.key(event)}
        @blur=${() => this.close()} /><kbd aria-hidden="true">/</kbd>
      <ul id="board-found" role="listbox" aria-label=${text("board.find")} ?hidden=${!open}>
        ${(this.found ?? []).map(
          (one, index) => html`<li role="option" id="found-${index}" aria-selected=${index === this.at}
            @mousedown=${(event: Event) => (event.preventDefault(), this.choose(one))}>
            <span class="kind">${text(`board.kind.${one.kind}`)}</span><span class="label">${one.label}</span>
            <span class="detail">${one.detail}</span></li>`,
        )}
        ${this.found?.length === 0 ? html`<li role="option" aria-disabled="true" aria-selected="false">${text("board.none found")}</li>` : nothing}
      </ul>`;
  }
}

customElements.define("qipan-board-find", BoardFind);
