/** Six digits on large keys, for setting the PIN and for opening the phone. */
import { View, html, icon, nothing, text } from "./parts";
import { LENGTH } from "./pin";

export class PinPad extends View {
  static override properties = { heading: {}, note: {}, problem: {}, busy: { type: Boolean } };
  declare heading: string;
  declare note: string;
  declare problem: string;
  declare busy: boolean;
  private pin = "";
  private readonly typed = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (/^\d$/.test(event.key)) this.add(event.key);
    else if (event.key === "Backspace") this.back();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.typed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.typed);
  }

  private add(digit: string): void {
    if (this.busy || this.pin.length >= LENGTH) return;
    this.pin += digit;
    this.requestUpdate();
    if (this.pin.length < LENGTH) return;
    const detail = this.pin;
    // The last dot is seen before the keys are worked out.
    setTimeout(() => {
      this.pin = "";
      this.requestUpdate();
      this.dispatchEvent(new CustomEvent("pin", { detail }));
    }, 60);
  }

  private back(): void {
    this.pin = this.pin.slice(0, -1);
    this.requestUpdate();
  }

  protected override render() {
    const dots = Array.from({ length: LENGTH }, (_, index) => index < this.pin.length);
    return html`<div class="pin">
      <h1>${this.heading}</h1>
      <p class="soft">${this.note || nothing}</p>
      <p class="dots" role="status" aria-label=${text("field.pin.typed", { typed: this.pin.length, all: LENGTH })} data-busy=${this.busy || nothing}>
        ${dots.map((full) => html`<i data-full=${full || nothing}></i>`)}</p>
      <p class="pin-problem" role="alert">${this.busy ? text("field.pin.opening") : this.problem}</p>
      <div class="keys" role="group" aria-label=${text("field.pin.keys")}>
        ${["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0"].map((digit) =>
          digit ? html`<button type="button" class="key" ?disabled=${this.busy} @click=${() => this.add(digit)}>${digit}</button>` : html`<span></span>`,
        )}
        <button type="button" class="key" aria-label=${text("field.pin.back")} ?disabled=${this.busy} @click=${() => this.back()}>${icon("left")}</button>
      </div>
    </div>`;
  }
}
