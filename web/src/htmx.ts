/** htmx and its event-stream extension in one module, so that the extension cannot miss the start. */
import htmx from "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";

// Nothing is evaluated (the page's policy forbids it). A refusal is said in a toast, not swapped in; only 422, a form
// sent back with its errors, replaces the form.
Object.assign(htmx.config, {
  includeIndicatorCSS: false,
  implicitInheritance: false,
  transitions: false,
  defaultTimeout: 20_000,
  noSwap: [204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 429, "5xx"],
});

// Buttons outside a form carry the form token too.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = (event as CustomEvent<{ ctx: { request: { headers: Record<string, string> } } }>).detail.ctx;
  const token = document.body.dataset["csrf"];
  if (token) request.headers["X-CSRFToken"] = token;
});

export default htmx;
