// Runs before the first paint: a chosen theme wins over the one of the system.
try {
  const theme = localStorage.getItem('tm.theme')
  if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = theme.slice(1, -1)
} catch {
  // Storage is blocked: the theme of the system stays.
}
