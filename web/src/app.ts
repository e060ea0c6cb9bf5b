/** What every server-rendered page gets. Each module finds its elements by data attributes and adds to them. */
import "./htmx";
import { startClipboard } from "./clipboard";
import { startClocks } from "./clocks";
import { startDialogs } from "./dialogs";
import { startForms } from "./forms";
import { startKeyboard } from "./keyboard";
import { startPlacePickers } from "./place-picker";
import { startPreviews } from "./previews";
import { startTheme } from "./theme";
import { startToasts } from "./toasts";

document.documentElement.classList.add("js");
startTheme();
startToasts();
startClocks();
startDialogs();
startForms();
startKeyboard();
startClipboard();
startPreviews();
startPlacePickers();
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) print();
});
