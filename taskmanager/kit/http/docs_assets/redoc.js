const docs = document.getElementById("docs");

// System fonts: the default ones would come from a foreign server.
Redoc.init(
  docs.dataset.openapi,
  {
    theme: {
      typography: {
        fontFamily: "system-ui, sans-serif",
        headings: { fontFamily: "system-ui, sans-serif" },
      },
    },
  },
  docs,
);
