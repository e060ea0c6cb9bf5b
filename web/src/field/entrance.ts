/** Before the phone can be worked with: signing in, naming it, its PIN; opening it; and why nothing can be shown. */
import { span } from "../remaining";
import { Refused, ask } from "./ask";
import { View, banner, html, icon, nothing, phone, text } from "./parts";
import { isPlain } from "./pin";

type At = "asking" | "away" | "sign-in" | "no-post" | "name" | "pin" | "repeat";

export const signIn = "/accounts/login/?next=/field/";

export class Entrance extends View {
  private at: At = "asking";
  private who = "";
  private name = "";
  private pin = "";
  private problem = "";
  private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    if (phone.stage === "unbound") void this.look();
  }

  private show(at: At, problem = ""): void {
    [this.at, this.problem] = [at, problem];
    this.requestUpdate();
  }

  private async look(): Promise<void> {
    this.show("asking");
    try {
      const { post } = await ask<{ post: { person: string; role_name: string; area_name: string; unit_name: string } }>("GET", "/api/v1/posts/me");
      this.who = [post.person, post.role_name, post.unit_name || post.area_name].join(" · ");
      this.name ||= text(/iPhone|iPad/.test(navigator.userAgent) ? "field.bind.iphone" : "field.bind.android");
      this.show("name");
    } catch (error) {
      this.show(!(error instanceof Refused) ? "away" : error.status === 401 ? "sign-in" : "no-post", error instanceof Refused ? error.detail : "");
    }
  }

  private chosen(pin: string): void {
    if (this.at === "pin" && isPlain(pin)) return this.show("pin", text("field.pin.plain"));
    if (this.at === "pin") return void ((this.pin = pin), this.show("repeat"));
    if (pin !== this.pin) return this.show("pin", text("field.pin.differ"));
    this.busy = true;
    this.requestUpdate();
    void phone
      .bind(this.name, pin)
      .catch((error: unknown) => this.show("name", error instanceof Refused ? error.detail : text("field.away")))
      .finally(() => ((this.busy = false), this.requestUpdate()));
  }

  private async open(pin: string): Promise<void> {
    this.busy = true;
    this.requestUpdate();
    const found = await phone.unlock(pin);
    this.busy = false;
    if (found === "forgotten") void this.look();
    else if ("wait" in found) {
      const wait = found.wait ? text("field.pin.wait", { span: span(Math.max(found.wait, 60_000)) }) : "";
      this.problem = `${text("field.pin.wrong", { left: found.left })} ${wait}`;
    }
    this.requestUpdate();
  }

  private waiting() {
    return phone.unsent ? html`<p class="soft small center">${text("field.unsent", { n: phone.unsent })}</p>` : nothing;
  }

  private ended() {
    return phone.ended ? banner(html`<strong>${text(`field.ended.${phone.ended}`)}</strong> ${text("field.ended.what")}`, "problem") : nothing;
  }

  protected override render() {
    if (phone.stage === "unfit") return html`<main class="entrance">${banner(text("field.unfit"), "problem")}</main>`;
    if (phone.stage === "locked") {
      return html`<main class="entrance">${this.ended()}
        <field-pin .heading=${text("field.pin.enter")} .note=${""} .problem=${this.problem} .busy=${this.busy}
          @pin=${(event: CustomEvent<string>) => void this.open(event.detail)}></field-pin>
        ${this.waiting()}</main>`;
    }
    if (phone.stage === "ended") {
      return html`<main class="entrance"><h1>${text("field.ended.title")}</h1>${this.ended()}
        ${this.waiting()}
        ${phone.online === false ? html`<p>${text("field.ended.away")}</p>` : nothing}
        ${phone.online !== false && phone.ended !== "lease" ? html`<a class="button primary wide" href=${signIn}>${text("field.sign in")}</a>` : nothing}
        <button class="button wide" ?disabled=${phone.syncing} @click=${() => void phone.sync()}>${text("field.try again")}</button>
      </main>`;
    }
    return html`<main class="entrance">${this.ended()}${this.step()}${this.waiting()}</main>`;
  }

  private step() {
    switch (this.at) {
      case "asking":
        return html`<p class="soft center">${text("field.asking")}</p>`;
      case "away":
        return html`<h1>${text("field.first")}</h1><p>${text("field.first.away")}</p>
          <button class="button primary wide" @click=${() => void this.look()}>${text("field.try again")}</button>`;
      case "sign-in":
      case "no-post":
        return html`<h1>${text("field.first")}</h1>
          <p>${text("field.first.how")}</p>
          <ol class="steps"><li>${text("field.first.1")}</li><li>${text("field.first.2")}</li><li>${text("field.first.3")}</li></ol>
          ${this.at === "no-post" && this.problem ? banner(this.problem, "problem") : nothing}
          <a class="button primary wide" href=${signIn}>${icon("key")} ${text("field.sign in")}</a>`;
      case "name":
        return html`<h1>${text("field.bind.title")}</h1>
          <p>${icon("person")} <strong>${this.who}</strong></p>
          <form class="form" @submit=${(event: Event) => (event.preventDefault(), this.name.trim() && this.show("pin"))}>
            <label>${text("field.bind.name")}
              <input name="name" maxlength="80" required autocomplete="off" .value=${this.name}
                @input=${(event: Event) => (this.name = (event.target as HTMLInputElement).value)} /></label>
            <p class="soft small">${text("field.bind.why")}</p>
            ${this.problem ? banner(this.problem, "problem") : nothing}
            <button class="button primary wide">${text("field.go on")}</button>
          </form>
          <p class="center"><a href="/my-work/">${text("field.bind.not")}</a></p>`;
      default:
        return html`<field-pin .heading=${text(this.at === "pin" ? "field.pin.set" : "field.pin.repeat")}
          .note=${text("field.pin.note")} .problem=${this.problem} .busy=${this.busy}
          @pin=${(event: CustomEvent<string>) => this.chosen(event.detail)}></field-pin>`;
    }
  }
}
