// Gives each frame of the library in this page the height it asks for. It believes a message only if it comes from one of
// these frames and from the library itself, and takes nothing from it but a number, within bounds. Without this file a
// frame keeps the height that is written in the page.
(() => {
  const LOWEST = 100, HIGHEST = 4000; // Pixels: a line of text, and more than a page should give away.
  const PATH = /^https?:[^?#]*\/embed\/v1\/resize(-[0-9a-f]+)?\.js(?=$|[?#])/;
  // As in innoshare.js: an element may stand before what is asked of the document by that name.
  const all = (name) => [...Document.prototype.getElementsByTagName.call(document, name)];
  const script = [document.currentScript, ...all("script")].find((tag) => tag instanceof HTMLScriptElement && PATH.test(tag.src));
  if (!script) return;
  const home = new URL(".", script.src);
  const frames = () => all("iframe").filter((frame) => frame.src.startsWith(home.href));
  addEventListener("message", ({ data, origin, source }) => {
    if (origin !== home.origin || data?.type !== "innoshare:height" || !Number.isFinite(data.height)) return;
    const frame = frames().find((each) => each.contentWindow === source);
    if (frame) frame.style.height = `${Math.min(Math.max(data.height, LOWEST), HIGHEST)}px`;
  });
  // A frame that was there first has spoken already.
  for (const frame of frames()) frame.contentWindow?.postMessage({ type: "innoshare:ask" }, "*");
})();
