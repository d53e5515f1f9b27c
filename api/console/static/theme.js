// Before the first paint: the theme somebody chose here, else the system's.
try {
  const chosen = localStorage.getItem("enms-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* storage may be forbidden: the system's theme then */ }
