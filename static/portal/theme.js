// Before the first paint: the theme of the reader's system where the portal follows it.
(() => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  follow();
  dark.addEventListener("change", follow);
})();
