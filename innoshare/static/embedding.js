// The preview and the texts to copy follow what is chosen, without a press of the button: the page is asked for again, and
// what it shows anew is put in place of what stands here. Without this file the button does the same.
const form = document.querySelector(".embed-choices");
const PAUSE = 400; // Milliseconds without a change after which the page is asked for.
let timer, asked = 0;

const follow = async () => {
  const given = [...new FormData(form)].filter(([, value]) => value), url = `${form.action}?${new URLSearchParams(given)}`;
  const number = ++asked;
  let page, isWrong;
  try {
    const answer = await fetch(url);
    if (answer.status > 400) return; // Too many at once, or no library for the moment: what was chosen before still stands.
    isWrong = answer.status === 400; // What was right before still stands.
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch { return; }
  if (number !== asked) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || (isWrong && part.id !== "mistakes")) continue;
    if (part.matches("textarea")) part.value = fresh.value;
    else if (!part.matches("iframe")) part.replaceChildren(...fresh.childNodes);
    else if (part.getAttribute("src") !== fresh.getAttribute("src")) part.replaceWith(fresh); // a new address would be a step back
  }
  history.replaceState(null, "", url);
};
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(follow, PAUSE);
});
