/** `data-theme-choice="light|dark|auto"`: kept in a cookie that the server reads, so that no page flashes. */
export type Theme = "light" | "dark" | "auto";

export function applyTheme(choice: Theme): void {
  const root = document.documentElement;
  if (choice === "auto") {
    delete root.dataset["theme"];
  } else {
    root.dataset["theme"] = choice;
  }
  const age = choice === "auto" ? 0 : 31_536_000;
  document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeChoice"] === choice));
  }
}

export function startTheme(): void {
  const now = (document.documentElement.dataset["theme"] as Theme | undefined) ?? "auto";
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeChoice"] === now));
  }
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-theme-choice]") : null;
    if (button) applyTheme(button.dataset["themeChoice"] as Theme);
  });
}
