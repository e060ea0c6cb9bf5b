/** What every server-rendered page gets. Each module finds its elements by data attributes and adds to them. */
import "./htmx";
import { startClipboard } from "./clipboard";
import { startClocks } from "./clocks";
import { startDialogs } from "./dialogs";
import { startForms } from "./forms";
import { startKeyboard } from "./keyboard";
import { startPasskeys } from "./passkeys";
import { startPlacePickers } from "./place-picker";
import { startPreviews } from "./previews";
import { startRail } from "./rail";
import { startTheme } from "./theme";
import { startToasts } from "./toasts";

document.documentElement.classList.add("js");
startTheme();
startRail();
startToasts();
startClocks();
startDialogs();
startForms();
startKeyboard();
startClipboard();
startPreviews();
startPasskeys();
startPlacePickers();
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) print();
});
