// Starts Swagger UI. "Try it out" sends the form token of the session and, on writes, a fresh Idempotency-Key.
"use strict";
const page = document.body.dataset;
SwaggerUIBundle({
  url: page.address,
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (!["GET", "HEAD", "OPTIONS"].includes((request.method || "GET").toUpperCase())) {
      request.headers["X-CSRFToken"] = page.csrf;
      request.headers["Idempotency-Key"] ||= crypto.randomUUID();
    }
    return request;
  },
});
