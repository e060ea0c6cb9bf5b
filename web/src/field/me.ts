/** Me and this phone: shift, language, until when it may be read, locking. */
import { tellHere } from "./telling";
import { toast } from "../toasts";
import { View, html, icon, nothing, phone, text } from "./parts";
import { language, moment, useLanguage, type Language } from "./words";

export class MeView extends View {
  private room = "";

  override async firstUpdated(): Promise<void> {
    const told = await navigator.storage?.estimate?.().catch(() => undefined);
    if (told?.usage === undefined) return;
    // Only what is used: what browsers say is free is a round figure (Chrome: always 10 GB).
    this.room = text("field.me.room", { used: (told.usage / 1e6).toFixed(1) });
    this.requestUpdate();
  }

  private async shift(): Promise<void> {
    const step = phone.onDuty ? "shift_off" : "shift_on";
    await phone.take(step, null, {}, text(`field.step.${step}`));
    toast(text("field.kept"));
    void tellHere();
  }

  private speak(wanted: Language): void {
    useLanguage(wanted);
    document.cookie = `django_language=${wanted};path=/;max-age=31536000;samesite=lax`;
    phone.dispatchEvent(new Event("change"));
  }

  protected override render() {
    const { me, lease } = phone;
    return html`<section class="view">
      ${me ? html`<h2>${me.person}</h2><p class="soft">${[me.role, me.place].filter(Boolean).join(" · ")}</p>` : nothing}
      <button class="button big ${phone.onDuty ? "" : "primary"}" @click=${() => void this.shift()}>${icon("clock")} ${text(phone.onDuty ? "field.step.shift_off" : "field.step.shift_on")}</button>
      <p class="soft small">${text(phone.onDuty ? "field.me.on" : "field.me.off")}</p>
      <label class="tick"><input type="checkbox" .checked=${phone.shares}
        @change=${(event: Event) => void phone.share((event.target as HTMLInputElement).checked).then(tellHere)} /> ${text("field.me.share")}</label>
      <dl class="facts">
        ${me ? html`<dt>${text("field.me.phone")}</dt><dd>${me.phone}</dd>` : nothing}
        ${lease ? html`<dt>${text("field.me.lease")}</dt><dd>${moment(lease.until - lease.offset)}</dd>` : nothing}
        <dt>${text("field.me.told")}</dt><dd>${phone.toldAt ? moment(phone.toldAt) : "—"}</dd>
        ${this.room ? html`<dt>${text("field.me.store")}</dt><dd>${this.room}</dd>` : nothing}
      </dl>
      <p class="soft small">${text("field.me.why")}</p>
      <div class="tools">
        <button class="button" lang="zh-Hans" aria-pressed=${language() === "zh-hans"} @click=${() => this.speak("zh-hans")}>中文</button>
        <button class="button" lang="en" aria-pressed=${language() === "en"} @click=${() => this.speak("en")}>English</button>
      </div>
      <button class="button wide" @click=${() => phone.lock()}>${icon("lock")} ${text("field.lock")}</button>
      <a class="button wide" href="/me/">${icon("external")} ${text("field.me.account")}</a>
    </section>`;
  }
}
