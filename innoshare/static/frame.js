// Tells the page around a frame how high the frame would like to be, so that it need not scroll: a number and nothing
// else, whenever it changes and whenever that page asks. Without this file the frame keeps the height it was given.
if (parent !== window) {
  const tell = () => parent.postMessage({ type: "innoshare:height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
  addEventListener("message", (event) => { if (event.source === parent && event.data?.type === "innoshare:ask") tell(); });
  new ResizeObserver(tell).observe(document.documentElement);
  tell(); // The observer waits until the frame is on the screen.
}
