// The API's document with requests to try; the session's token goes with what changes something.
window.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("apidocs");
  window.SwaggerUIBundle({
    url: box.dataset.url, domNode: box, deepLinking: true, docExpansion: "list", defaultModelsExpandDepth: 0, tryItOutEnabled: false, validatorUrl: null,
    requestInterceptor: (request) => { request.headers["X-CSRFToken"] = document.body.dataset.token; return request; },
  });
});
