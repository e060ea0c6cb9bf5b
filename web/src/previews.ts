/** `<input type="file" data-preview="#id">` shows what was chosen and lets one be taken out again. */
import { fresh, icon, make, onContent } from "./page";
import { text } from "./texts";

export function startPreviews(): void {
  onContent((root) => {
    for (const input of fresh<HTMLInputElement>(root, "input[type=file][data-preview]", "preview")) {
      const place = document.querySelector<HTMLElement>(input.dataset["preview"] ?? "");
      if (place) input.addEventListener("change", () => show(input, place));
    }
  });
}

export function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function show(input: HTMLInputElement, place: HTMLElement): void {
  for (const image of place.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  place.replaceChildren(
    ...[...(input.files ?? [])].map((file) => {
      const remove = make("button", { type: "button", class: "button small", "aria-label": text("remove", { name: file.name }) }, icon("close"));
      remove.addEventListener("click", () => {
        const kept = new DataTransfer();
        for (const other of input.files ?? []) if (other !== file) kept.items.add(other);
        input.files = kept.files;
        show(input, place);
        input.focus();
      });
      const caption = make("figcaption", {}, `${file.name} · ${size(file.size)}`);
      const figure = make("figure", {}, caption, remove);
      if (file.type.startsWith("image/")) {
        figure.prepend(make("img", { src: URL.createObjectURL(file), alt: "" }));
      }
      return figure;
    }),
  );
}
