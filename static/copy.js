/* Buttons that copy the code block they stand in. Without scripts there is no button to miss. */
"use strict";

function addCopyButtons(root) {
  for (const block of root.querySelectorAll(".code")) {
    if (block.querySelector(".code__copy") || !navigator.clipboard) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--small code__copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.querySelector("code, pre").innerText.trim());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Select it";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    block.append(button);
  }
}

addCopyButtons(document);
document.addEventListener("htmx:load", (event) => addCopyButtons(event.target));
