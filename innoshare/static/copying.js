// A button that copies what is in a box to be copied. Without this file the text is marked and copied by hand.
for (const box of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button"), done = document.createElement("span"), line = document.createElement("p");
  const around = box.closest(".the-file"); // What is folded for its length can be copied without a look at it.
  button.type = "button";
  button.className = "quiet";
  button.textContent = box.dataset.copy || "Copy the text";
  done.className = "hint";
  done.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.value);
      done.textContent = "Copied.";
    } catch {
      if (around) around.open = true;
      box.focus();
      box.select();
      done.textContent = "The text is marked. Press Ctrl and C (on a Mac: Command and C) to copy it.";
    }
  });
  line.append(button, " ", done);
  if (around) around.before(line);
  else box.after(line);
}
