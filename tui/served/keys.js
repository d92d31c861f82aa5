// A page that opens has the keys at once: the terminal of textual-serve waits for a click.
addEventListener("load", () => {
  const give = () => {
    const keys = document.querySelector(".xterm-helper-textarea");
    if (keys) keys.focus();
    return keys !== null;
  };
  if (give()) return;
  const watch = new MutationObserver(() => { if (give()) watch.disconnect(); });
  watch.observe(document.body, { childList: true, subtree: true });
});
