// No validatorUrl: the page must not send the description to a foreign server.
// No persistAuthorization: a token must never reach localStorage.
window.ui = SwaggerUIBundle({
  url: document.getElementById("docs").dataset.openapi,
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
  persistAuthorization: false,
});
