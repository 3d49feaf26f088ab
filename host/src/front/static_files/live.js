// Of a development server of ws-host alone: loads the page anew when its files have changed, and tells of failed builds, swaps and failures.
(() => {
  const version = Number(new URL(document.currentScript.src).search.slice(1));
  const box = document.createElement("pre");
  box.id = "ws-host-notice";
  box.setAttribute("role", "status");
  // The page's own style does not reach it, and a policy against inline style does not stop this.
  const look = { all: "initial", position: "fixed", inset: "auto 1rem 1rem 1rem", maxHeight: "60vh", overflow: "auto", zIndex: 2147483647,
    padding: ".8rem 1rem", borderRadius: ".5rem", background: "#1d1f24", color: "#f4f4f5", font: "13px/1.5 ui-monospace, monospace",
    whiteSpace: "pre-wrap", boxShadow: "0 4px 24px #0006" };
  Object.assign(box.style, look);
  let before, forget;
  const show = (text, seconds) => {
    clearTimeout(forget);
    box.textContent = text;
    if (text) document.body.append(box); else box.remove();
    if (seconds) forget = setTimeout(() => box.remove(), 1000 * seconds);
  };
  async function ask() {
    const told = await (await fetch("/-/notice", { cache: "no-store" })).json();
    if (told.pages !== undefined && told.pages !== version) return location.reload();
    const status = told.status ?? {};
    const last = before;
    before = { notice: told.notice, swaps: status.swaps, traps: status.traps };
    if (told.notice && told.notice !== last?.notice) show(told.notice);
    else if (last && status.traps > last.traps) show(status.last_trap ?? "a handler has failed");
    else if (last && status.swaps > last.swaps) show("swapped: the new release runs", 3);
    else if (!told.notice && last?.notice && box.textContent === last.notice) show("");
  }
  const again = () => ask().catch(() => {}).then(() => setTimeout(again, 500));
  again();
})();
